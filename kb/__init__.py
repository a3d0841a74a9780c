"""Approved knowledge: what may be said, who approved it, and how a question finds it.

articles    one version of an article, notice or disclosure; its hash
store       versions in MongoDB; nothing else of this folder knows a database
review      one function per transition: draft, in review, approved, retired
bulk        many drafts at once, for imports
schedule    a version approved for later takes its place when its time comes
recalls     out of force because it was wrong
proof       whether direct answers of a product class are earned
bounds      how high a rate of error may be, from counts
wording     what an approver may not let through
education   articles that may not steer to a product
phrasings   which articles lack phrasings most; suggested ones into a draft
lint/       what an editor should look at before an approval
sources/    files that people bring: csv, xlsx, jsonl, Markdown; they become drafts, never more
export      the articles in force, back to such a file; export_markdown.py writes one file an article
desk        what the command line and the console call
search/     question -> ranked articles, a confidence and a verdict
words       an article by its words alone, for a person's search box
live        the `Finder`: an immutable snapshot that follows approvals
evaluate    how good all this is on labelled questions
"""

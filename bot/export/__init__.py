"""The examiner's pack: what was said in a time, by a customer or in a conversation, with its proof, for whoever asks.

scope.py       what is wanted, by whom, and why
writer.py      files of a pack, hashed as they are written
talk.py        conversations, messages and notes: JSON lines, a workbook, pages to read
around.py      the log of who saw what, articles, staff, seals and their lists
order.py       one order, as the page shows it
orders.py      packs that are ordered on the page, made by a worker and fetched for some days
erased.py      those of them that hold what was erased since go before their time
pack.py        the whole: all of them, the summary, the verifier and the signed manifest
verifier.py    goes into the pack as verify.py, with primitives.py and proof.py: needs Python alone
"""

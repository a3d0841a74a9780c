"""What proves that the records are all there and as they were written; docs/records.md.

merkle.py     RFC 6962: one hash for many
days.py       which day a record is of
seal.py       one day's seal: form, hash, signature; keys.py holds who signs
leaves.py     the list of what a seal is over, packed
sealing.py    the clock's: a seal for each day that is over, and the change of the key
shipping.py   copies of seals where the database's keeper cannot reach them
keeper.py     sealing and shipping in the clock
check.py      one record: as it was written?
streams.py    every chain, in order
sealed.py     seals against each other, their lists, their copies and the live records
verify.py     all of it
"""

"""The figures of /dashboard, added up beforehand; docs/figures.md says what each one is.

sketch.py     durations in buckets: percentiles of any days together, with a stated error
rates.py      a share with its interval
facts.py      what one conversation has to say, and when
cell.py       the figures of one day, channel account and skill; they add up
day.py        all cells of a day out of its conversations
service.py    which days changed, computing them again, handing them out
"""

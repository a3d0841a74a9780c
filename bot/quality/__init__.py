"""Whether what the bot says is right, and the proof that it says only what was approved.

weeks      ISO weeks in Taipei: names and bounds
draw       from a seed and a population to a sample that anybody can draw again; pure
drawn      a draw and its report as values
strata     which replies can be drawn, and the stratum of each
result     pass rate, interval, weighted estimate
paper      the report as a PDF
verdicts   what a reviewer can say, and who may say it
audits     seed, draw, reports: what clock, commands and pages share
reviewing  reviews without sight of each other, a third one's word, findings
reading    the reply and the lines beside it, masked
whole      all of it as console and commands hold it
proof      every message of the bot against the version it cites
proving    runs of the proof, weekly by the clock
keeper     the clock's part
"""

"""Cases with the law's clocks: what customers ask about their data, and complaints.

room        what both kinds stand on: who may do what, words that are checked, the customer that is meant
requests    copy, correction, stop and deletion, step by step (個資法 3, 10, 11, 13)
fulfilment  what is done once a request is granted
complaints  a complaint, its reply, and the right to go to the 評議中心 (金保法 13)
copy        the package of a customer's own data
ledger      the complaints of a period against their 30 days, as CSV
service     all of it as one value, and the clock's look at terms that are over
"""

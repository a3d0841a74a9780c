"""What people's work in a conversation stands on.

access.py    who may work on which conversation
canned.py    saved replies, the firm's and one's own
work.py      all that people do beside speaking: transfers.py, snoozes.py, tags.py and notes.py are its parts
change.py    a change, what is said and the audit entry in one transaction: every verb goes through it
availability.py who takes new conversations now
customers.py  one customer over all identities
fairness.py  how evenly they were given out
routing.py   the router; routing_match.py chooses, routing_return.py takes back, routing_rules.py is data
hours.py     the service hours in force, and how they are changed
standing.py  what a change of hands makes of a conversation
pokes.py     which open pages a change concerns
calls.py     what calls somebody's attention now
monitor.py   what is live, by risk; whispers. risk.py is the score, overhearing.py what is heard while people have it
presence.py  who is here, and who reads or writes which conversation now
staff.py     staff, roles, and where a second person agrees; invitations.py, second_factor.py, password.py;
             door.py is all of them
quota.py     how many messages a channel's plan has left
reveal.py    one masked field in full, noted before it is shown
trail.py     who looked at whose data, and when that is unusual
suggest.py   which approved articles come close to what a customer writes to a person
"""

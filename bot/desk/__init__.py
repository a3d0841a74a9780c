"""What people's work in a conversation stands on.

access.py    who may work on which conversation
change.py    a change, what is said and the audit entry in one transaction: every verb goes through it
hours.py     the service hours in force, and how they are changed
pokes.py     which open pages a change concerns
presence.py  who is here, and who reads or writes which conversation now
suggest.py   which approved articles come close to what a customer writes to a person
"""

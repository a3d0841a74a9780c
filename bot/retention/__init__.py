"""How long records are kept and how they go, a module a line: clock (when a customer's term ends), terms (the table
of classes), holds (legal holds by two people), purging (after the term), warm (keys leave every process), lists (the
list of erasures outside of the database), service (what other parts and pages call), setup."""

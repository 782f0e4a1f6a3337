"""Receipts on paper: which values one has (`values`), in what order and words they are set (`template`, a document the
chain may change), and the two files together as a store uses them (`design`).

One rule: everything on paper comes from the stored receipt, so that a reprint says what the original said. Only what
is known of the member and the balance is that of the moment of printing, and carries its time.
"""

"""The lattice kernel of Tillsync: three cells, accounts with rights, a log upward, feeds downward.

One rule: nothing here touches a socket, a file, a clock or chance. Time, storage and salt come in as arguments,
messages go out as return values, so that the very same code runs in a store, at the hub and inside a simulation.

`SPEC.md` beside this file states the protocol in numbered paragraphs; comments and tests cite them as (SPEC 2.3).
"""

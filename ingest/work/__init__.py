"""HOST, trusted: one worker for many sources and tenants, or for its share of a run that another host planned.

shares.py       one source that is served: its run, its orders, its stores
drain.py        the loop: claims from all shares at once, fairly, and obeys the orders of each
assignment.py   what is served: every source with files to begin, or one run
service.py      opens engine, catalogue and worker, and closes them
"""

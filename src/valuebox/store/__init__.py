"""Engine, ids, unit of work and migrations: everything that talks SQL in general."""

"""Did it help? Arms of an experiment beside its control, and how many customers that takes."""

"""Facts waiting to be carried: written in the transaction of the change that they tell of, carried by the worker."""

"""What runs in Lambda; one folder a noun."""

import gc

# A start makes hundreds of thousands of objects and hardly any garbage: with the usual threshold of 700 a
# tenth of the time goes in looking for some.
gc.set_threshold(100_000, 20, 20)

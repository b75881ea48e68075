"""Hold-outs and experiments: who is in which arm, what the arms' figures are, and what they allow to be said."""

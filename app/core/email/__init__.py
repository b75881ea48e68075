"""What e-mails hold: products with their reasons, the events that start flows, and what is told of a profile."""

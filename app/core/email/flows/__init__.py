"""The series of mails that Attune makes in Klaviyo: what each holds and when, and the definition that Klaviyo gets."""

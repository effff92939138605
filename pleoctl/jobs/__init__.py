"""Export jobs from Pleo's queue into the books: plan what is to be booked, book it once, report it truly, close."""

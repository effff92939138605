# No archive of an account that something still points to: expenses in that category would have nowhere to go.
package main

import rego.v1

# Addresses that may be archived although they are in use, e.g. "account:ext-5000".
allowed := set()

in_use := {
	"in-use-category": "a category in Pleo uses it",
	"in-use-contra": "a contra account in Pleo uses it",
	"mapping-target-archived": "the mapping books to it",
}

deny contains message if {
	some change in input.changes
	change.action == "archive"
	not change.address in allowed
	some code in change.warnings
	reason := in_use[code]
	message := sprintf("%s would be archived, but %s", [change.address, reason])
}

# New accounts belong into the chart's ranges; many outside of them look like the wrong file.
package main

import rego.v1

# Both ends belong to the range.
ranges := [[1000, 1999], [2000, 2999], [3000, 3999], [4000, 7999], [8000, 8999]]

most_outside := 10

created contains change if {
	some change in input.changes
	change.kind == "account"
	change.action == "create"
}

inside(code) if {
	regex.match(`^[0-9]+$`, code)
	number := to_number(code)
	some ends in ranges
	number >= ends[0]
	number <= ends[1]
}

outside contains change if {
	some change in created
	is_string(change.after.code)
	not inside(change.after.code)
}

deny contains message if {
	count(outside) > most_outside
	message := sprintf("%d new accounts have numbers outside the chart's ranges, more than %d", [count(outside), most_outside])
}

deny contains message if {
	some change in created
	not is_string(change.after.code)
	message := sprintf("%s would be created without a number", [change.address])
}

# Account numbers are what reports and auditors go by: a few may change, and none may change its class.
package main

import rego.v1

most_number_changes := 2

number_changes contains change if {
	some change in input.changes
	change.kind == "account"
	change.action in {"update", "unarchive"}
	"code" in change.fields
}

deny contains message if {
	count(number_changes) > most_number_changes
	addresses := sort([change.address | some change in number_changes])
	told := sprintf("%d account numbers would change, more than %d: ", [count(number_changes), most_number_changes])
	message := concat("", [told, concat(", ", addresses)])
}

deny contains message if {
	some change in number_changes
	is_string(change.before.code)
	is_string(change.after.code)
	substring(change.before.code, 0, 1) != substring(change.after.code, 0, 1)
	message := sprintf(
		"%s would move from number %s to %s, which is another class",
		[change.address, change.before.code, change.after.code],
	)
}

package main

import (
	"github.com/sluice-serving/sluice/cmd/sluice/print"
	"github.com/sluice-serving/sluice/controller/admin"
)

// policyListing shows access policies, a line for each target, with why one is not enforced there.
func policyListing(policies []admin.Policy, namespace string) listing {
	list := listing{header: []string{"NAMESPACE", "NAME", "TARGET", "ENFORCED", "REASON", "MESSAGE"}}
	for _, policy := range policies {
		if namespace != "" && policy.Namespace != namespace {
			continue
		}
		list.items = append(list.items, policy)
		for _, target := range policy.Targets {
			enforced := print.Toned(print.Good, "True")
			if !target.Accepted {
				enforced = print.Toned(print.Bad, "False")
			}
			list.rows = append(list.rows, row{
				key:  policy.Kind + " " + policy.Namespace + "/" + policy.Name + " " + target.Target,
				item: policy,
				cells: []print.Cell{
					print.Text(policy.Namespace), print.Text(policy.Name), print.Text(target.Target), enforced,
					print.Text(target.Reason), print.Text(target.Message),
				},
			})
		}
	}
	return list
}

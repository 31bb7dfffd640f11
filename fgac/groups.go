package fgac

import (
	"slices"
	"strings"
)

// defaultGroups are the action groups that the plugin brings along.
var defaultGroups = map[string]string{
	"unlimited":                      "*",
	"cluster_all":                    "cluster:*",
	"cluster_monitor":                "cluster:monitor/*",
	"cluster_composite_ops_ro":       "indices:data/read/mget indices:data/read/msearch indices:data/read/mtv indices:admin/aliases/exists* indices:admin/aliases/get* indices:data/read/scroll indices:admin/resolve/index",
	"cluster_composite_ops":          "indices:data/write/bulk indices:admin/aliases* indices:data/write/reindex cluster_composite_ops_ro",
	"cluster_manage_index_templates": "indices:admin/template/* indices:admin/index_template/* cluster:admin/component_template/*",
	"cluster_manage_pipelines":       "cluster:admin/ingest/pipeline/*",
	"manage_snapshots":               "cluster:admin/snapshot/* cluster:admin/repository/*",
	"indices_all":                    "indices:*",
	"read":                           "indices:data/read* indices:admin/mappings/fields/get* indices:admin/resolve/index",
	"write":                          "indices:data/write* indices:admin/mapping/put",
	"crud":                           "read write",
	"data_access":                    "indices:data/* crud",
	"search":                         "indices:data/read/search* indices:data/read/msearch* indices:admin/resolve/index suggest",
	"suggest":                        "indices:data/read/suggest*",
	"get":                            "indices:data/read/get* indices:data/read/mget*",
	"index":                          "indices:data/write/index* indices:data/write/update* indices:admin/mapping/put indices:data/write/bulk*",
	"delete":                         "indices:data/write/delete*",
	"create_index":                   "indices:admin/create indices:admin/mapping/put",
	"manage":                         "indices:monitor/* indices:admin/*",
	"indices_monitor":                "indices:monitor/*",
	"manage_aliases":                 "indices:admin/aliases*",
	"manage_data_streams":            "indices:admin/data_stream/* indices:monitor/data_stream/stats",
	"manage_point_in_time":           "indices:data/read/point_in_time/create indices:data/read/point_in_time/delete indices:data/read/point_in_time/readall indices:data/read/search indices:monitor/point_in_time/segments",
	"kibana_all_write":               "kibana:saved_objects/*/write",
	"kibana_all_read":                "kibana:saved_objects/*/read",
}

// actionGroups have the members of each group, which may be groups.
type actionGroups map[string][]string

// parseGroups reads action_groups.yml on top of the default groups.
func parseGroups(data []byte) (actionGroups, error) {
	groups := actionGroups{}
	for name, members := range defaultGroups {
		groups[name] = strings.Fields(members)
	}
	top, err := read("action_groups", data)
	if err != nil {
		return nil, err
	}
	return groups, entries(top, "actiongroups", func(name string, p place) error {
		if _, taken := groups[name]; taken {
			return p.fail("is the name of a default group; use another")
		}
		var ignored string
		var members []string
		err := p.object(map[string]func(place) error{
			"reserved": flag, "hidden": flag, "static": flag,
			"type": text(&ignored), "description": text(&ignored),
			"allowed_actions": texts(&members),
		})
		groups[name] = members
		return err
	})
}

// resolve returns the names and what they stand for, each once: a name that is
// no group is a pattern of actions. Groups that are members of each other are
// harmless.
func (g actionGroups) resolve(names []string) []string {
	var all []string
	seen := map[string]bool{}
	for queue := slices.Clone(names); len(queue) > 0; queue = queue[1:] {
		if name := queue[0]; !seen[name] {
			seen[name] = true
			all = append(all, name)
			queue = append(queue, g[name]...)
		}
	}
	return all
}

// entries reads a file of the plugin: names with an object each, and _meta.
func entries(top place, kind string, entry func(string, place) error) error {
	known := map[string]func(place) error{}
	for name := range top.Members() {
		known[name] = func(p place) error { return entry(name, p) }
	}
	if _, ok := known["_meta"]; ok {
		known["_meta"] = func(p place) error { return meta(p, kind) }
	}
	if read, ok := known[""]; ok && read != nil {
		return top.fail("has an empty name")
	}
	return top.object(known)
}

func meta(p place, kind string) error {
	var of string
	err := p.object(map[string]func(place) error{
		"type": text(&of),
		"config_version": func(p place) error {
			if p.Raw() != "2" {
				return p.fail("want config_version 2")
			}
			return nil
		},
	})
	if err == nil && of != kind {
		err = p.fail("want type " + kind + "; is this another file?")
	}
	return err
}

// isCluster reports whether the plugin looks for an action in
// cluster_permissions rather than in index_permissions.
func isCluster(action string) bool {
	switch action {
	case "indices:data/write/bulk", "indices:data/read/mget", "indices:data/read/mtv", "indices:data/write/reindex",
		"indices:data/read/search/template/render":
		return true
	}
	for _, prefix := range []string{"cluster:", "indices:admin/template/", "indices:admin/index_template/", "indices:data/read/scroll", "indices:data/read/msearch"} {
		if strings.HasPrefix(action, prefix) {
			return true
		}
	}
	return !strings.HasPrefix(action, "indices:")
}

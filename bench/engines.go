package main

// makers are the engines that nobody has to ask for. Those that are slow to build hold at
// most so many documents.
func makers(slow int) []maker {
	return []maker{
		{name: us, make: newOurs},
		{name: "bitset", make: newBitset},
		{name: "roaring", make: newRoaring},
		{name: "map loop", make: newMapLoop, over: true},
		{name: "naive loop", make: newNaive, over: true},
		{name: "casbin", make: newCasbin, most: slow, over: true},
		{name: "cedar-go", make: newCedar, most: slow},
		{name: "OPA", make: newOPA, most: slow},
		{name: "SQLite", make: newSQLite, most: slow},
	}
}

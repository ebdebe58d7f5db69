package translate

// index says which members belong to each key, and leaves no empty key behind.
type index[K, M comparable] map[K]map[M]struct{}

// add reports whether the key is new.
func (x index[K, M]) add(key K, member M) (first bool) {
	members, ok := x[key]
	if !ok {
		members = map[M]struct{}{}
		x[key] = members
	}
	members[member] = struct{}{}
	return !ok
}

// remove reports whether the key has gone.
func (x index[K, M]) remove(key K, member M) (last bool) {
	members, ok := x[key]
	if !ok {
		return false
	}
	delete(members, member)
	if len(members) > 0 {
		return false
	}
	delete(x, key)
	return true
}

// set is the keys that a change has touched.
type set[K comparable] map[K]struct{}

func (s set[K]) add(key K) { s[key] = struct{}{} }

// addMembers adds all members that x has for key.
func addMembers[K, M comparable](s set[M], x index[K, M], key K) {
	for member := range x[key] {
		s.add(member)
	}
}

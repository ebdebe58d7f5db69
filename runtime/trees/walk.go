package trees

import "unsafe"

// lanes is how many rows stand beside each other in a strip of keys.
const lanes = 8

// step is how many rows or trees walk in step: their indices, the bases and what a step computes are what the registers of
// amd64 hold. Eight at once spilled, and took twice the time of two times four.
const inStep = 4

type offset interface{ uint16 | uint32 }

// node is a split or a leaf as it is walked: on to left, or to the node behind it if the row's key is bound or more. A leaf
// leads to itself and its bound is never reached. Both offsets are what an address takes as it is: with indices, scaling
// them doubled the instructions.
type node[K key, O offset] struct {
	bound K
	// column is where the feature's keys stand in a strip, in units of 8 bytes.
	column O
	// left is where the left child stands among the tree's nodes, in bytes.
	left O
}

// stepDown goes from the node at offset i to its child, or stays at a leaf. Every offset has been checked by Build.
func stepDown[K key, O offset](nodes, strip unsafe.Pointer, i uintptr) uintptr {
	column := *(*O)(unsafe.Add(nodes, i+unsafe.Sizeof(K(0))))
	var right uintptr
	if *(*K)(unsafe.Add(strip, uintptr(column)*8)) >= *(*K)(unsafe.Add(nodes, i)) {
		right = 1
	}
	left := *(*O)(unsafe.Add(nodes, i+unsafe.Sizeof(K(0))+unsafe.Sizeof(O(0))))
	return uintptr(left) + right*unsafe.Sizeof(node[K, O]{})
}

// unfinished is 0 at a leaf.
func unfinished[K key, O offset](nodes unsafe.Pointer, i uintptr, never K) K {
	return *(*K)(unsafe.Add(nodes, i)) ^ never
}

// walkRows takes four neighbouring rows of a strip down one tree: sure levels without a look, then until all are at leaves.
func walkRows[K key, O offset](nodes, strip unsafe.Pointer, sure int, never K) (a, b, c, d uintptr) {
	strip1 := unsafe.Add(strip, unsafe.Sizeof(never))
	strip2 := unsafe.Add(strip, 2*unsafe.Sizeof(never))
	strip3 := unsafe.Add(strip, 3*unsafe.Sizeof(never))
	for {
		for ; sure > 0; sure-- {
			a = stepDown[K, O](nodes, strip, a)
			b = stepDown[K, O](nodes, strip1, b)
			c = stepDown[K, O](nodes, strip2, c)
			d = stepDown[K, O](nodes, strip3, d)
		}
		if unfinished[K, O](nodes, a, never)|unfinished[K, O](nodes, b, never)|unfinished[K, O](nodes, c, never)|unfinished[K, O](nodes, d, never) == 0 {
			return a, b, c, d
		}
		sure = 1
	}
}

// walkTrees takes one row down four trees.
func walkTrees[K key, O offset](nodes [inStep]unsafe.Pointer, strip unsafe.Pointer, sure int, never K) (a, b, c, d uintptr) {
	for {
		for ; sure > 0; sure-- {
			a = stepDown[K, O](nodes[0], strip, a)
			b = stepDown[K, O](nodes[1], strip, b)
			c = stepDown[K, O](nodes[2], strip, c)
			d = stepDown[K, O](nodes[3], strip, d)
		}
		if unfinished[K, O](nodes[0], a, never)|unfinished[K, O](nodes[1], b, never)|unfinished[K, O](nodes[2], c, never)|unfinished[K, O](nodes[3], d, never) == 0 {
			return a, b, c, d
		}
		sure = 1
	}
}

// walkMixed takes one row down a tree that may look at categories: columns from firstSet on hold categories, and the bound of
// a node that looks at one is the number of its set.
func walkMixed[K key, O offset](nodes, strip unsafe.Pointer, firstSet uintptr, sets []categorySet, never K) (i uintptr) {
	for unfinished[K, O](nodes, i, never) != 0 {
		column := uintptr(*(*O)(unsafe.Add(nodes, i+unsafe.Sizeof(never))))
		if column < firstSet {
			i = stepDown[K, O](nodes, strip, i)
			continue
		}
		set := &sets[*(*K)(unsafe.Add(nodes, i))]
		category := uint32(*(*K)(unsafe.Add(strip, column*8)))
		left := *(*O)(unsafe.Add(nodes, i+unsafe.Sizeof(never)+unsafe.Sizeof(O(0))))
		i = uintptr(left) + set.right(category)*unsafe.Sizeof(node[K, O]{})
	}
	return i
}

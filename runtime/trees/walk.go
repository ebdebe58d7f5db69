package trees

import "unsafe"

// lanes is how many rows stand beside each other in a strip of keys.
const lanes = 8

// step is how many rows or trees walk in step: their indices, the bases and what a step computes are what the registers of
// amd64 hold. Eight at once spilled, and took twice the time of two times four.
const inStep = 4

type offset interface{ uint16 | uint32 }

// lookup is what a node knows of masks: where its own begin, or nothing where no node looks at categories.
type lookup interface{ struct{} | uint32 }

// node is a split or a leaf as it is walked: on to left, or to the node behind it if the row's key is bound or more. A leaf
// leads to itself and its bound is never reached. Both offsets are what an address takes as it is: with indices, scaling
// them doubled the instructions.
type node[K key, O offset, M lookup] struct {
	bound K
	// masks is where the masks of a node that looks at categories begin; 0 for all others.
	masks M
	// column is where the feature's keys stand in a strip, in units of 8 bytes.
	column O
	// left is where the left child stands among the tree's nodes, in bytes.
	left O
}

// stepDown goes from the node at offset i to its child, or stays at a leaf. Every offset has been checked by Build.
//
// Where there are categories, the key is masked first: a category is a bit in one of its column's words, and the node's masks
// have the bits of those that go to the right. A number has one word, and a mask that leaves it as it is.
func stepDown[K key, O offset, M lookup](nodes, strip, masks unsafe.Pointer, i uintptr) uintptr {
	at := (*node[K, O, M])(unsafe.Add(nodes, i))
	keys := unsafe.Add(strip, uintptr(at.column)*8)
	x := *(*K)(keys)
	if unsafe.Sizeof(at.masks) != 0 {
		word := *(*K)(unsafe.Add(keys, lanes*unsafe.Sizeof(x)))
		first := *(*uint32)(unsafe.Pointer(&at.masks))
		x &= *(*K)(unsafe.Add(masks, (uintptr(first)+uintptr(word))*unsafe.Sizeof(x)))
	}
	var right uintptr
	if x >= at.bound {
		right = 1
	}
	return uintptr(at.left) + right*unsafe.Sizeof(*at)
}

// unfinished is 0 at a leaf.
func unfinished[K key](nodes unsafe.Pointer, i uintptr, never K) K {
	return *(*K)(unsafe.Add(nodes, i)) ^ never
}

// walkRows takes four neighbouring rows of a strip down one tree: sure levels without a look, then until all are at leaves.
func walkRows[K key, O offset, M lookup](nodes, strip, masks unsafe.Pointer, sure int, never K) (a, b, c, d uintptr) {
	strip1 := unsafe.Add(strip, unsafe.Sizeof(never))
	strip2 := unsafe.Add(strip, 2*unsafe.Sizeof(never))
	strip3 := unsafe.Add(strip, 3*unsafe.Sizeof(never))
	for {
		for ; sure > 0; sure-- {
			a = stepDown[K, O, M](nodes, strip, masks, a)
			b = stepDown[K, O, M](nodes, strip1, masks, b)
			c = stepDown[K, O, M](nodes, strip2, masks, c)
			d = stepDown[K, O, M](nodes, strip3, masks, d)
		}
		if unfinished(nodes, a, never)|unfinished(nodes, b, never)|unfinished(nodes, c, never)|unfinished(nodes, d, never) == 0 {
			return a, b, c, d
		}
		sure = 1
	}
}

// walkTrees takes one row down four trees.
func walkTrees[K key, O offset, M lookup](nodes [inStep]unsafe.Pointer, strip, masks unsafe.Pointer, sure int, never K) (a, b, c, d uintptr) {
	for {
		for ; sure > 0; sure-- {
			a = stepDown[K, O, M](nodes[0], strip, masks, a)
			b = stepDown[K, O, M](nodes[1], strip, masks, b)
			c = stepDown[K, O, M](nodes[2], strip, masks, c)
			d = stepDown[K, O, M](nodes[3], strip, masks, d)
		}
		if unfinished(nodes[0], a, never)|unfinished(nodes[1], b, never)|unfinished(nodes[2], c, never)|unfinished(nodes[3], d, never) == 0 {
			return a, b, c, d
		}
		sure = 1
	}
}

// walkRow takes one row down one tree.
func walkRow[K key, O offset, M lookup](nodes, strip, masks unsafe.Pointer, never K) (i uintptr) {
	for unfinished(nodes, i, never) != 0 {
		i = stepDown[K, O, M](nodes, strip, masks, i)
	}
	return i
}

// walkMixed takes one row down a tree that looks at categories whose masks would take too much memory: columns from firstSet
// on hold categories, and the bound of a node that looks at one is the number of its set.
func walkMixed[K key, O offset, M lookup](nodes, strip unsafe.Pointer, firstSet uintptr, sets []categorySet, never K) (i uintptr) {
	for unfinished(nodes, i, never) != 0 {
		at := (*node[K, O, M])(unsafe.Add(nodes, i))
		column := uintptr(at.column)
		if column < firstSet {
			i = stepDown[K, O, M](nodes, strip, nil, i)
			continue
		}
		category := uint32(*(*K)(unsafe.Add(strip, column*8)))
		i = uintptr(at.left) + sets[at.bound].right(category)*unsafe.Sizeof(*at)
	}
	return i
}

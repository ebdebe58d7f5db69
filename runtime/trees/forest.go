package trees

// Precision is the width of numbers in a library's comparisons or sums.
type Precision int

// The precisions.
const (
	Single Precision = iota // float32
	Double                  // float64
)

// Forest is an ensemble as a file describes it.
type Forest struct {
	// Features is the number of columns of a row.
	Features int
	// Groups is the number of sums for each row: 1 for regression, one for each class or target otherwise.
	Groups int
	// Input is what values are rounded to before they are compared. With Single, thresholds stay float64: a value x of a row
	// is compared as float64(float32(x)), which is what scikit-learn's trees do, and XGBoost's, whose thresholds are float32.
	Input Precision
	// Output is the precision in which leaves are held and summed.
	Output Precision
	// Vector says that a leaf has one value for each group; else it has one, for its tree's group.
	Vector bool
	Trees  []Tree
}

// Tree is one tree of a forest. A tree with no nodes adds nothing.
type Tree struct {
	// Nodes are in any order; the first is the root. Every node but the root is the child of exactly one, or of none.
	Nodes []Node
	// Group is the sum that a leaf of one value adds to. It is not looked at if the leaves are vectors.
	Group int
	// Leaves holds what the leaves add: node n adds Leaves[n.Leaf], or, if they are vectors, Leaves[n.Leaf*Groups:][:Groups].
	Leaves []float64
	// Linear holds models of leaves, by the same index as Leaves; nil if the leaves are constants.
	Linear []LeafModel
}

// Node is a split or a leaf.
type Node struct {
	// Split is how a row is sent on; the zero value makes the node a leaf.
	Split Split
	// Missing says what counts as missing at the node, and where a missing value goes.
	Missing Missing
	// Feature is the column that is looked at.
	Feature int
	// Threshold is what a number is compared with; it is no NaN.
	Threshold float64
	// Categories is what a category is looked up in; for InSet.
	Categories Categories
	// Left and Right are the indices of the children.
	Left, Right int
	// Leaf is the index of a leaf's value.
	Leaf int
}

// Split is how a node sends a row on.
type Split uint8

// The kinds of node.
const (
	Leaf      Split = iota
	Less            // to the left if value < threshold
	LessEqual       // to the left if value <= threshold
	InSet           // to the left if Categories says so
)

// Missing is what counts as a missing value at a split of numbers, and where it goes.
type Missing uint8

// The ways of missing values.
const (
	MissingRight Missing = iota // NaN goes to the right
	MissingLeft                 // NaN goes to the left
	MissingZero                 // NaN is taken for 0 and compared
	ZeroRight                   // NaN and what is within ±1e-35 (in single precision) go to the right: LightGBM's zero_as_missing
	ZeroLeft                    // the same, to the left
)

// zeroThreshold is LightGBM's bound of what is a zero, which is a constant in single precision.
const zeroThreshold = float64(float32(1e-35))

// Categories says which categories go to the left. A category is a value's whole part.
type Categories struct {
	// Listed are the categories that are told apart from all others, in any order.
	Listed []uint32
	// ListedLeft says that the listed categories go to the left.
	ListedLeft bool
	// OtherLeft says that categories that aren't listed, and those too big for uint32, go to the left.
	OtherLeft bool
	// NegativeLeft says that negative values go to the left.
	NegativeLeft bool
	// MissingLeft says that NaN goes to the left.
	MissingLeft bool
	// Known, if it isn't nil, are the categories that the model has met: one that isn't among them is taken as missing.
	Known []uint32
	// Truncate says that a value between -1 and 0 is category 0, as a cast to an integer has it, and not negative.
	Truncate bool
}

// LeafModel is a linear model of a leaf: Constant + Σ Coefficients[i]·x[Features[i]]. If one of its features is NaN (or
// infinite, which LightGBM counts as missing there too) the leaf's constant of Tree.Leaves stands.
type LeafModel struct {
	Constant     float64
	Features     []int
	Coefficients []float64
}

package rounds

import "fmt"

// Better says which of two measurements is the better one.
type Better int

const (
	// More is better: requests per second.
	More Better = iota
	// Less is better: seconds, bytes.
	Less
)

// Comparison is ours beside the peer's, over rounds.
type Comparison struct {
	// Ours and Peer are the medians over the rounds.
	Ours, Peer float64
	// Ratio is the median of the rounds' own ratios, Min and Max the least and the greatest of them. Above 1 ours is
	// better, whichever way the measurement points.
	Ratio, Min, Max float64
}

// Compare compares measurements of the same rounds. A round's ratio is that of two measurements taken one right after the
// other, which a slow minute of the machine changes less than it changes either.
func Compare(better Better, ours, peer []float64) (Comparison, error) {
	if len(ours) == 0 || len(ours) != len(peer) {
		return Comparison{}, fmt.Errorf("%d measurements of ours and %d of the peer: each round needs both", len(ours), len(peer))
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		if ours[i] <= 0 || peer[i] <= 0 {
			return Comparison{}, fmt.Errorf("round %d measured %g of ours and %g of the peer: a ratio needs both above 0", i+1, ours[i], peer[i])
		}
		ratios[i] = ours[i] / peer[i]
		if better == Less {
			ratios[i] = peer[i] / ours[i]
		}
	}
	return Comparison{
		Ours: Median(ours), Peer: Median(peer),
		Ratio: Median(ratios), Min: Quantile(ratios, 0), Max: Quantile(ratios, 1),
	}, nil
}

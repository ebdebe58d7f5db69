// Package rounds measures contenders in turn, so that what the machine does meanwhile strikes them alike, and
// compares what was measured.
package rounds

import (
	"context"
	"fmt"
)

// Measure takes one measurement of a contender; round counts from 0.
type Measure[T any] func(ctx context.Context, round int) (T, error)

// Rotate measures every contender once in each of n rounds. The contender that begins moves on by one from round to
// round, so that with two of them the order alternates. The result is indexed by contender, then by round. The first
// error ends it.
func Rotate[T any](ctx context.Context, n int, contenders ...Measure[T]) ([][]T, error) {
	results := make([][]T, len(contenders))
	for i := range results {
		results[i] = make([]T, n)
	}
	for round := range n {
		for step := range contenders {
			i := (round + step) % len(contenders)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			result, err := contenders[i](ctx, round)
			if err != nil {
				return nil, fmt.Errorf("round %d: %w", round+1, err)
			}
			results[i][round] = result
		}
	}
	return results, nil
}

package storage

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
)

// download brings the bytes of objects from one source into partial files.
type download struct {
	source source
	retry  retry
	stall  time.Duration
	// slots bound the requests in flight, over all objects of a fetch.
	slots chan struct{}
	meter *meter
}

// into completes p with the bytes of o.
func (d *download) into(ctx context.Context, o object, p *partial) error {
	d.meter.bytes.Add(p.have())
	group, ctx := errgroup.WithContext(ctx)
	for i := range p.chunks {
		if o.ranged && p.at(i) == p.length(i, o.size) {
			continue
		}
		select {
		case d.slots <- struct{}{}:
		case <-ctx.Done():
			if err := group.Wait(); err != nil {
				return err
			}
			return context.Cause(ctx)
		}
		group.Go(func() error {
			defer func() { <-d.slots }()
			return d.retry.do(ctx, o.name, func() (bool, error) { return d.chunk(ctx, o, p, i) })
		})
	}
	return group.Wait()
}

// chunk reads what is missing of a chunk, and says whether anything came.
func (d *download) chunk(ctx context.Context, o object, p *partial, i int) (moved bool, err error) {
	before := p.at(i)
	if !o.ranged && before > 0 {
		// From the start: this source gives no parts.
		d.meter.bytes.Add(-before)
		if err := p.set(i, 0); err != nil {
			return false, err
		}
		before = 0
	}
	want := int64(-1)
	if o.size >= 0 {
		want = p.length(i, o.size) - before
	}
	if want == 0 {
		return false, nil
	}
	dog := newWatchdog(ctx, d.stall)
	defer dog.stop()
	body, err := d.source.open(dog.ctx, o, int64(i)*chunkSize+before, want)
	if err != nil {
		return false, dog.blame(err)
	}
	defer body.Close()
	err = dog.blame(d.copy(body, p, i, want))
	return o.ranged && p.at(i) > before, err
}

// copy writes want bytes, or all if that is negative.
func (d *download) copy(from io.Reader, p *partial, i int, want int64) error {
	buffer := make([]byte, 256<<10)
	var came int64
	for want < 0 || came < want {
		n, err := from.Read(buffer)
		if want >= 0 && came+int64(n) > want {
			n = int(want - came) // a server that sends more than it was asked for
		}
		if n > 0 {
			if err := p.write(i, buffer[:n]); err != nil {
				return err
			}
			came += int64(n)
			d.meter.bytes.Add(int64(n))
			d.meter.fetched.Add(int64(n))
		}
		switch {
		case errors.Is(err, io.EOF) && want >= 0 && came < want:
			return errCut
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

package storage

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Progress says how far a fetch is.
type Progress struct {
	// URI is without credentials.
	URI string
	// Bytes are there, of Total; Total is -1 while a size is not known.
	Bytes, Total int64
	// Fetched are those of Bytes that came over the network in this fetch; the others were in the cache.
	Fetched int64
	// Files are there, of TotalFiles.
	Files, TotalFiles int
	// Rate is in bytes a second, over the last seconds.
	Rate float64
}

// String words progress for a person: "12.0 MiB of 64.0 MiB (18 %), 3.1 MiB/s, 1 of 4 files".
func (p Progress) String() string {
	text := Bytes(p.Bytes)
	if p.Total > 0 {
		text += fmt.Sprintf(" of %s (%d %%)", Bytes(p.Total), 100*p.Bytes/p.Total)
	}
	return text + fmt.Sprintf(", %s/s, %d of %d files", Bytes(int64(p.Rate)), p.Files, p.TotalFiles)
}

// Bytes words a number of bytes.
func Bytes(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}

// meter counts what the goroutines of a fetch do.
type meter struct {
	uri            string
	bytes, fetched atomic.Int64
	files          atomic.Int64
	total          int64
	totalFiles     int
}

func (m *meter) now() Progress {
	return Progress{
		URI: m.uri, Bytes: m.bytes.Load(), Total: m.total, Fetched: m.fetched.Load(),
		Files: int(m.files.Load()), TotalFiles: m.totalFiles,
	}
}

// progressEvery is how often progress is told, and rateOver how many tellings the rate is over.
const (
	progressEvery = 500 * time.Millisecond
	rateOver      = 10
)

// tell calls to with the progress until stop is called, which tells it once more.
func (m *meter) tell(ctx context.Context, to func(Progress)) (stop func()) {
	if to == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	began := time.Now()
	running.Go(func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		var window []int64
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := m.now()
			window = append(window, now.Fetched)
			if len(window) > rateOver {
				window = window[1:]
			}
			if len(window) > 1 {
				now.Rate = float64(window[len(window)-1]-window[0]) / (float64(len(window)-1) * progressEvery.Seconds())
			}
			to(now)
		}
	})
	return func() {
		cancel()
		running.Wait()
		last := m.now()
		if took := time.Since(began).Seconds(); took > 0 {
			last.Rate = float64(last.Fetched) / took
		}
		to(last)
	}
}

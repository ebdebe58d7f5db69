package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sluice-serving/sluice/host/bootid"
)

// chunkSize is what one ranged read asks for.
const chunkSize = 16 << 20

// partial is an object that has come in part: its bytes in one file and, in another, what they are of and how far each
// chunk is. A kill loses nothing of it: the kernel has both files. After a crash of the machine it may lie, so that it
// holds for one boot.
type partial struct {
	data, state *os.File
	chunks      int

	mu sync.Mutex
	// done are the bytes of each chunk that have come.
	done []int64
}

// partialHead is the first line of the state file.
type partialHead struct {
	Version string `json:"version"`
	Size    int64  `json:"size"`
	Chunk   int64  `json:"chunk"`
	Boot    string `json:"boot"`
}

// headSize is what the head has room for; 8 bytes for each chunk follow.
const headSize = 1024

// openPartial goes on with what stands at path, if it is of the same object, or begins anew.
func openPartial(path string, o object) (*partial, error) {
	p := &partial{chunks: 1}
	if o.ranged {
		p.chunks = max(1, int((o.size+chunkSize-1)/chunkSize))
	}
	p.done = make([]int64, p.chunks)
	boot, err := bootid.Read()
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(partialHead{Version: o.version, Size: o.size, Chunk: chunkSize, Boot: boot})
	if err != nil || len(head) >= headSize {
		return nil, errors.Join(err, fmt.Errorf("the version of %s is too long", o.key))
	}
	if p.data, err = os.OpenFile(path+".data", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if p.state, err = os.OpenFile(path+".state", os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, errors.Join(err, p.data.Close())
	}
	if o.ranged && p.resumes(head, o.size) {
		return p, nil
	}
	if err := p.begin(head, o); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// resumes reads the state, and says whether it is of the same object.
func (p *partial) resumes(head []byte, size int64) bool {
	state := make([]byte, headSize+8*p.chunks)
	if _, err := p.state.ReadAt(state, 0); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	info, err := p.data.Stat()
	if err != nil || info.Size() != size || !bytes.Equal(bytes.TrimRight(state[:headSize], "\x00"), head) {
		return false
	}
	for i := range p.done {
		done := int64(binary.LittleEndian.Uint64(state[headSize+8*i:]))
		if done < 0 || done > p.length(i, size) {
			return false
		}
		p.done[i] = done
	}
	return true
}

func (p *partial) begin(head []byte, o object) error {
	clear(p.done)
	state := make([]byte, headSize+8*p.chunks)
	copy(state, head)
	if err := errors.Join(p.state.Truncate(0), p.data.Truncate(0)); err != nil {
		return err
	}
	if o.size > 0 {
		// Reserved at once: a disk that is too full says so now and not in an hour.
		err := unix.Fallocate(int(p.data.Fd()), 0, 0, o.size)
		if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
			err = p.data.Truncate(o.size)
		}
		if err != nil {
			return &fs.PathError{Op: "reserve", Path: p.data.Name(), Err: err}
		}
	}
	_, err := p.state.WriteAt(state, 0)
	return err
}

// length is the size of a chunk.
func (p *partial) length(i int, size int64) int64 {
	if p.chunks == 1 {
		return size
	}
	return min(chunkSize, size-int64(i)*chunkSize)
}

// at is how far a chunk is.
func (p *partial) at(i int) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[i]
}

// have is how much of the object has come.
func (p *partial) have() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	for _, n := range p.done {
		sum += n
	}
	return sum
}

// write appends to a chunk. The bytes are there before the state says so.
func (p *partial) write(i int, data []byte) error {
	at := p.at(i)
	if _, err := p.data.WriteAt(data, int64(i)*chunkSize+at); err != nil {
		return err
	}
	return p.set(i, at+int64(len(data)))
}

func (p *partial) set(i int, at int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[i] = at
	_, err := p.state.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(at)), headSize+8*int64(i))
	return err
}

func (p *partial) close() error { return errors.Join(p.data.Close(), p.state.Close()) }

// remove forgets what came.
func (p *partial) remove() error {
	return errors.Join(p.close(), os.Remove(p.data.Name()), os.Remove(p.state.Name()))
}

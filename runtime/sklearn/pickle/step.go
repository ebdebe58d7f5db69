package pickle

// step executes one opcode. They are sorted into families by what they do.
func (m *machine) step(op byte) error {
	for _, family := range []func(*machine, byte) (bool, error){
		(*machine).stepScalar, (*machine).stepText, (*machine).stepContainer, (*machine).stepMemo, (*machine).stepObject, (*machine).stepRefused,
	} {
		if known, err := family(m, op); known {
			return err
		}
	}
	m.cursor.pos--
	return m.cursor.fail("%#02x is no opcode of pickle: the file is no pickle, or it is damaged", op)
}

// stepMemo is about the stack and the memo.
func (m *machine) stepMemo(op byte) (bool, error) {
	switch op {
	case opMark:
		return true, m.mark()
	case opPop:
		if len(m.marks) > 0 && len(m.stack) == m.floor() {
			m.marks = m.marks[:len(m.marks)-1]
			return true, nil
		}
		_, err := m.pop()
		return true, err
	case opPopMark:
		_, err := m.popMark()
		return true, err
	case opDup:
		v, err := m.top()
		if err != nil {
			return true, err
		}
		return true, m.push(v)
	case opPut, opGet:
		index, err := m.decimal()
		if err != nil {
			return true, err
		}
		if op == opPut {
			return true, m.remember(index)
		}
		return true, m.recall(index)
	case opBinPut:
		return true, m.indexed(1, m.remember)
	case opLongBinPut:
		return true, m.indexed(4, m.remember)
	case opBinGet:
		return true, m.indexed(1, m.recall)
	case opLongBinGet:
		return true, m.indexed(4, m.recall)
	case opMemoize:
		return true, m.remember(uint64(len(m.memo)))
	case opProto:
		version, err := m.cursor.byte()
		if err == nil && version > newestProtocol {
			err = m.cursor.fail("protocol %d is newer than %d", version, newestProtocol)
		}
		return true, err
	case opFrame:
		size, err := m.cursor.uint(8)
		if err == nil && size > uint64(len(m.cursor.data)-m.cursor.pos) {
			err = m.cursor.fail("the file is cut off: a frame of %d bytes is announced and %d are there", size, len(m.cursor.data)-m.cursor.pos)
		}
		return true, err
	default:
		return false, nil
	}
}

func (m *machine) indexed(size int, do func(uint64) error) error {
	index, err := m.cursor.uint(size)
	if err != nil {
		return err
	}
	return do(index)
}

// stepRefused is what leads out of the file.
func (m *machine) stepRefused(op byte) (bool, error) {
	switch op {
	case opPersID, opBinPersID:
		return true, m.cursor.fail("it refers to an object that was kept outside the file (a persistent id): save the model with pickle or joblib alone")
	case opExt1, opExt2, opExt4:
		return true, m.cursor.fail("it uses the extension registry of the program that wrote it (copyreg.add_extension): save the model without it")
	case opNextBuffer, opReadonlyBuffer:
		return true, m.cursor.fail("its buffers were kept outside the file (buffer_callback): save the model with its buffers inside")
	default:
		return false, nil
	}
}

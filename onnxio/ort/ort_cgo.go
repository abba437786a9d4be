//go:build cgo

package ort

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	ortgo "github.com/yalue/onnxruntime_go"

	"github.com/prunefuse/prunefuse/onnxio"
)

const cgo = true

// loadLibrary makes path the process's runtime and returns its version. The
// runtime's log is off, down to fatal errors: what it would print there it
// returns as an error too.
func loadLibrary(path string) (version string, err error) {
	ortgo.SetSharedLibraryPath(path)
	if err := ortgo.InitializeEnvironment(ortgo.WithLogLevelFatal()); err != nil {
		text := nativeMessage(err)
		if strings.Contains(text, "Error setting ORT API base: 2") {
			text = fmt.Sprintf("its C API is older than that of version 1.%d", oldestMinor)
		}
		return "", errors.New(text)
	}
	version = ortgo.GetVersion()
	if err := ortgo.DisableTelemetry(); err != nil {
		return "", errors.New(nativeMessage(errors.Join(err, ortgo.DestroyEnvironment())))
	}
	return version, nil
}

// nativeMessage returns one line without what the binding puts before the
// runtime's own words.
func nativeMessage(err error) string {
	text := oneLine(err.Error())
	for _, prefix := range []string{"Error creating C session: ", "Error running network: ", "Platform-specific initialization failed: ", "ORT API error creating tensor: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return plainMessage(text)
}

// probeCUDA tells why sessions cannot run on CUDA; nil means that they can.
func probeCUDA(l *library, p Provider) error {
	o, err := ortgo.NewSessionOptions()
	if err != nil {
		return err
	}
	defer o.Destroy()
	return appendCUDA(l, o, p, false)
}

func appendCUDA(l *library, o *ortgo.SessionOptions, p Provider, tf32 bool) error {
	device, ok := p.CUDA()
	if !ok {
		return nil
	}
	cuda, err := ortgo.NewCUDAProviderOptions()
	if err == nil {
		defer cuda.Destroy()
		settings := map[string]string{"device_id": strconv.Itoa(device), "use_tf32": "0"}
		if tf32 {
			settings["use_tf32"] = "1"
		}
		err = cuda.Update(settings)
	}
	if err == nil {
		err = o.AppendExecutionProviderCUDA(cuda)
	}
	if err != nil {
		return cudaError(p, err, l.path, l.version)
	}
	return nil
}

// nativeTensor is the runtime's view of a tensor's memory.
type nativeTensor struct {
	pin   runtime.Pinner
	value ortgo.Value // nil for a scalar
	// A scalar of the binding has memory of its own, so it is made for each
	// run and copied from and to the tensor.
	scalar scalar
}

// view keeps the binding's handle of a value, which it would otherwise
// allocate anew in every run.
type view struct {
	ortgo.Value
	internals *ortgo.ValueInternalData
}

func (v *view) GetInternals() *ortgo.ValueInternalData { return v.internals }

type scalar interface {
	load() (ortgo.Value, error)
	store(v ortgo.Value)
}

type scalarOf[T Element] []T

func (s scalarOf[T]) load() (ortgo.Value, error) { return ortgo.NewScalar(s[0]) }
func (s scalarOf[T]) store(v ortgo.Value)        { s[0] = v.(*ortgo.Scalar[T]).GetData() }

func bind[T Element](elem onnxio.Elem, shape []int64, data []T) (*nativeTensor, error) {
	n := &nativeTensor{}
	if len(shape) == 0 {
		if elem == onnxio.Float16 {
			return nil, errors.New("float16 scalars are not supported; use shape [1]")
		}
		n.scalar = scalarOf[T](data)
		return n, nil
	}
	if len(data) > 0 {
		n.pin.Pin(&data[0])
	}
	var v ortgo.Value
	var err error
	if elem == onnxio.Float16 {
		raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), 2*len(data))
		if len(raw) == 0 {
			raw = []byte{0} // the binding wants a pointer even where nothing is read
		}
		v, err = ortgo.NewCustomDataTensor(shape, raw, ortgo.TensorElementDataTypeFloat16)
	} else {
		v, err = ortgo.NewTensor(shape, data)
	}
	if err != nil {
		n.pin.Unpin()
		return nil, asError(nativeMessage(err))
	}
	n.value = &view{Value: v, internals: v.GetInternals()}
	return n, nil
}

func (n *nativeTensor) release() {
	if n.value != nil {
		n.value.Destroy()
		n.value = nil
	}
	n.pin.Unpin()
}

// adopt makes a tensor of a value that the binding allocated, and destroys the
// value. The binding has copied the data into Go memory.
func adopt(v ortgo.Value) (*Tensor, error) {
	switch v := v.(type) {
	case *ortgo.Tensor[float32]:
		return adoptAs(v)
	case *ortgo.Tensor[float64]:
		return adoptAs(v)
	case *ortgo.Tensor[int8]:
		return adoptAs(v)
	case *ortgo.Tensor[int16]:
		return adoptAs(v)
	case *ortgo.Tensor[int32]:
		return adoptAs(v)
	case *ortgo.Tensor[int64]:
		return adoptAs(v)
	case *ortgo.Tensor[uint8]:
		return adoptAs(v)
	case *ortgo.Tensor[uint16]:
		return adoptAs(v)
	case *ortgo.Tensor[uint32]:
		return adoptAs(v)
	case *ortgo.Tensor[uint64]:
		return adoptAs(v)
	case *ortgo.Tensor[bool]:
		return adoptAs(v)
	}
	v.Destroy()
	return nil, fmt.Errorf("the result is a %T, which is not supported", v)
}

func adoptAs[T Element](v *ortgo.Tensor[T]) (*Tensor, error) {
	defer v.Destroy()
	return NewTensor(v.GetShape(), v.GetData())
}

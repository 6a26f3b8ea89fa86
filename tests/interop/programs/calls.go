// Command calls makes gRPC calls with grpc-go. Reads a call per line of JSON, writes its outcome as a line of JSON.
//
// Arguments: the file of a FileDescriptorSet, the target, the file of the authorities (empty without TLS), channel options
// as JSON. The fields of a call and of its outcome are those of CallOrder and Outcome in clients.ts.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type order struct {
	ID          int
	Release     *int
	RPC         string
	As          string
	Requests    []json.RawMessage
	Metadata    map[string]string
	TimeoutMs   float64
	InTurn      bool
	Held        bool
	CancelAfter *int
	Compressed  bool
}

type outcome struct {
	ID       int               `json:"id"`
	Code     uint32            `json:"code"`
	Details  string            `json:"details"`
	Answers  []json.RawMessage `json:"answers"`
	Initial  map[string]string `json:"initial"`
	Trailers map[string]string `json:"trailers"`
}

// codec is the current protobuf module's; the library's own takes only messages of the one before.
type codec struct{}

func (codec) Marshal(v interface{}) ([]byte, error)   { return proto.Marshal(v.(proto.Message)) }
func (codec) Unmarshal(b []byte, v interface{}) error { return proto.Unmarshal(b, v.(proto.Message)) }
func (codec) Name() string                            { return "proto" }

var (
	files    *protoregistry.Files
	conn     *grpc.ClientConn
	output   sync.Mutex
	held     sync.Map
	readable = protojson.MarshalOptions{EmitUnpopulated: true, UseProtoNames: true}
)

func say(line interface{}) {
	output.Lock()
	defer output.Unlock()
	text, err := json.Marshal(line)
	must(err)
	fmt.Println(string(text))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func flat(md metadata.MD) map[string]string {
	all := map[string]string{}
	for key, values := range md {
		all[key] = values[len(values)-1]
		if strings.HasSuffix(key, "-bin") {
			all[key] = base64.StdEncoding.EncodeToString([]byte(all[key]))
		}
	}
	return all
}

func methodOf(o order) protoreflect.MethodDescriptor {
	path := strings.TrimPrefix(o.RPC, "/")
	if o.As != "" {
		path = o.As
	}
	names := strings.Split(path, "/")
	service, err := files.FindDescriptorByName(protoreflect.FullName(names[0]))
	must(err)
	return service.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(names[1]))
}

func run(o order) {
	defer func() {
		if failure := recover(); failure != nil {
			say(map[string]interface{}{"id": o.ID, "failure": fmt.Sprint(failure)})
		}
	}()
	method := methodOf(o)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if o.TimeoutMs > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.TimeoutMs*float64(time.Millisecond)))
		defer cancel()
	}
	for key, value := range o.Metadata {
		if strings.HasSuffix(key, "-bin") {
			bytes, err := base64.StdEncoding.DecodeString(value)
			must(err)
			value = string(bytes)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, key, value)
	}
	requests := make([]proto.Message, len(o.Requests))
	for i, text := range o.Requests {
		requests[i] = dynamicpb.NewMessage(method.Input())
		must(protojson.Unmarshal(text, requests[i]))
	}
	done := outcome{ID: o.ID, Answers: []json.RawMessage{}}
	take := func(answer proto.Message) {
		text, err := readable.Marshal(answer)
		must(err)
		done.Answers = append(done.Answers, text)
		if o.Held {
			say(map[string]int{"id": o.ID, "answered": len(done.Answers)})
		}
		if o.CancelAfter != nil && *o.CancelAfter == len(done.Answers) {
			cancel()
		}
	}
	if o.CancelAfter != nil && *o.CancelAfter == 0 {
		time.AfterFunc(50*time.Millisecond, cancel)
	}
	var options []grpc.CallOption
	if o.Compressed {
		options = append(options, grpc.UseCompressor("gzip"))
	}
	var initial, trailers metadata.MD
	var err error
	if method.IsStreamingClient() || method.IsStreamingServer() {
		initial, trailers, err = stream(ctx, o, method, requests, take, options)
	} else {
		answer := dynamicpb.NewMessage(method.Output())
		options = append(options, grpc.Header(&initial), grpc.Trailer(&trailers))
		err = conn.Invoke(ctx, o.RPC, requests[0], answer, options...)
		if err == nil {
			take(answer)
		}
	}
	done.Code, done.Details = uint32(status.Code(err)), status.Convert(err).Message()
	done.Initial, done.Trailers = flat(initial), flat(trailers)
	say(done)
}

func stream(
	ctx context.Context, o order, method protoreflect.MethodDescriptor, requests []proto.Message,
	take func(proto.Message), options []grpc.CallOption,
) (metadata.MD, metadata.MD, error) {
	description := &grpc.StreamDesc{
		ClientStreams: method.IsStreamingClient(), ServerStreams: method.IsStreamingServer(),
	}
	call, err := conn.NewStream(ctx, description, o.RPC, options...)
	if err != nil {
		return nil, nil, err
	}
	turn := make(chan struct{}, len(requests)+1)
	release := make(chan struct{})
	held.Store(o.ID, release)
	go func() {
		for i, request := range requests {
			if i > 0 && o.InTurn {
				<-turn
			}
			// The outcome tells of an error.
			if call.SendMsg(request) != nil {
				return
			}
		}
		if o.Held {
			<-release
		}
		_ = call.CloseSend()
	}()
	for {
		answer := dynamicpb.NewMessage(method.Output())
		if err = call.RecvMsg(answer); err != nil {
			break
		}
		take(answer)
		select {
		case turn <- struct{}{}:
		default:
		}
		if !method.IsStreamingServer() {
			err = io.EOF
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	initial, _ := call.Header()
	return initial, call.Trailer(), err
}

func main() {
	set := &descriptorpb.FileDescriptorSet{}
	bytes, err := ioutil.ReadFile(os.Args[1])
	must(err)
	must(proto.Unmarshal(bytes, set))
	files, err = protodesc.NewFiles(set)
	must(err)
	var settings struct{ KeepaliveMs int }
	must(json.Unmarshal([]byte(os.Args[4]), &settings))
	options := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{}))}
	if settings.KeepaliveMs > 0 {
		every := time.Duration(settings.KeepaliveMs) * time.Millisecond
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: every, Timeout: time.Second, PermitWithoutStream: true,
		}))
	}
	if os.Args[3] == "" {
		options = append(options, grpc.WithInsecure())
	} else {
		trusted, err := credentials.NewClientTLSFromFile(os.Args[3], "")
		must(err)
		options = append(options, grpc.WithTransportCredentials(trusted))
	}
	conn, err = grpc.Dial(os.Args[2], options...)
	must(err)
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var o order
		must(json.Unmarshal(line, &o))
		if o.Release == nil {
			go run(o)
		} else if release, found := held.Load(*o.Release); found {
			close(release.(chan struct{}))
		}
	}
}

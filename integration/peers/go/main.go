// Peers written in Go: net/http and grpc-go, as clients through Tidegate and as a server behind it, and Prometheus.
//
//	peers http ADDRESS      net/http, HTTP/1.1, against an echo upstream
//	peers h2c ADDRESS       the same by HTTP/2 without TLS
//	peers grpc ADDRESS      the cases of gRPC's own interoperability suite
//	peers grpc-server       serves them, and prints its address
//	peers metrics ADDRESS   parses and lints the metrics of an admin server, as promtool does
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

func main() {
	log.SetFlags(log.Lmicroseconds)
	if len(os.Args) < 2 {
		log.Fatal("which peer?")
	}
	switch os.Args[1] {
	case "http":
		runHTTP(os.Args[2], false)
	case "h2c":
		runHTTP(os.Args[2], true)
	case "grpc":
		runGRPC(os.Args[2])
	case "grpc-server":
		serveGRPC()
	case "metrics":
		runMetrics(os.Args[2])
	default:
		log.Fatalf("no peer %q", os.Args[1])
	}
}

func serveGRPC() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	testgrpc.RegisterTestServiceServer(server, interop.NewTestServer())
	fmt.Println(listener.Addr())
	log.Fatal(server.Serve(listener))
}

// Each case ends the process by log.Fatal when the suite is not content.
func runGRPC(address string) {
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := testgrpc.NewTestServiceClient(conn)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cases := []struct {
		name string
		run  func()
	}{
		{"empty unary", func() { interop.DoEmptyUnaryCall(ctx, client) }},
		{"large unary", func() { interop.DoLargeUnaryCall(ctx, client) }},
		{"client streaming", func() { interop.DoClientStreaming(ctx, client) }},
		{"server streaming", func() { interop.DoServerStreaming(ctx, client) }},
		{"ping pong", func() { interop.DoPingPong(ctx, client) }},
		{"empty stream", func() { interop.DoEmptyStream(ctx, client) }},
		{"timeout on a sleeping server", func() { interop.DoTimeoutOnSleepingServer(ctx, client) }},
		{"cancel after begin", func() { interop.DoCancelAfterBegin(ctx, client) }},
		{"cancel after the first response", func() { interop.DoCancelAfterFirstResponse(ctx, client) }},
		{"custom metadata", func() { interop.DoCustomMetadata(ctx, client) }},
		{"status code and message", func() { interop.DoStatusCodeAndMessage(ctx, client) }},
		{"special status message", func() { interop.DoSpecialStatusMessage(ctx, client) }},
		{"unimplemented method", func() { interop.DoUnimplementedMethod(ctx, conn) }},
	}
	for _, one := range cases {
		one.run()
		log.Printf("ok %s", one.name)
	}
}

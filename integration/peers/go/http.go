package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// The upstream answers with the method, path and body that it was sent.
func runHTTP(address string, h2c bool) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16, ExpectContinueTimeout: 5 * time.Second}
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(!h2c)
	transport.Protocols.SetUnencryptedHTTP2(h2c)
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	url := "http://" + address
	check("get", get(client, url))
	check("post", post(client, url))
	check("many at once", many(client, url))
	check("expect", expect(client, url))
	check("early hints", hints(client, url))
	check("trailers", trailers(client, url))
	check("cancel", cancelled(client, url))
	check("get afterwards", get(client, url))
}

func check(name string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	log.Printf("ok %s", name)
}

func exchange(client *http.Client, request *http.Request, status int, body string) (*http.Response, error) {
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	have, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != status || (body != "" && string(have) != body) {
		return nil, fmt.Errorf("status %d with %d bytes, not %d with %d", answer.StatusCode, len(have), status, len(body))
	}
	return answer, nil
}

func get(client *http.Client, url string) error {
	request, _ := http.NewRequest("GET", url+"/a?b=c", nil)
	answer, err := exchange(client, request, 200, "")
	if err == nil && answer.Header.Get("X-Path") != "/a?b=c" {
		err = fmt.Errorf("path %q", answer.Header.Get("X-Path"))
	}
	return err
}

func post(client *http.Client, url string) error {
	for _, size := range []int{0, 1, 1 << 10, 1 << 16, 1 << 20, 5 << 20} {
		body := strings.Repeat("x", size)
		sized, _ := http.NewRequest("POST", url, strings.NewReader(body))
		if _, err := exchange(client, sized, 200, body); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		chunked, _ := http.NewRequest("POST", url, io.MultiReader(strings.NewReader(body)))
		if _, err := exchange(client, chunked, 200, body); err != nil {
			return fmt.Errorf("%d bytes in chunks: %w", size, err)
		}
	}
	return nil
}

func many(client *http.Client, url string) error {
	var group sync.WaitGroup
	failures := make(chan error, 50)
	for range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 20 {
				if err := get(client, url); err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

func expect(client *http.Client, url string) error {
	request, _ := http.NewRequest("POST", url+"/expect", bytes.NewReader([]byte("hello")))
	request.Header.Set("Expect", "100-continue")
	_, err := exchange(client, request, 200, "hello")
	return err
}

func hints(client *http.Client, url string) error {
	var seen []int
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		seen = append(seen, code)
		return nil
	}}
	request, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), "GET", url+"/hints", nil)
	if _, err := exchange(client, request, 200, ""); err != nil {
		return err
	}
	if len(seen) != 1 || seen[0] != 103 {
		return fmt.Errorf("interim answers %v", seen)
	}
	return nil
}

func trailers(client *http.Client, url string) error {
	request, _ := http.NewRequest("POST", url+"/trailers", io.MultiReader(strings.NewReader("hello")))
	request.Trailer = http.Header{"X-Up": {"1"}}
	answer, err := exchange(client, request, 200, "hello")
	if err == nil && answer.Trailer.Get("X-Down") != "1" {
		err = fmt.Errorf("trailers %v", answer.Trailer)
	}
	return err
}

func cancelled(client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", url+"/never", nil)
	_, err := client.Do(request)
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ended with %v", err)
	}
	return nil
}

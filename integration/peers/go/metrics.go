package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Prometheus' own parser, and the lints of `promtool check metrics`.
func runMetrics(address string) {
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	if format := expfmt.ResponseFormat(answer.Header); format.FormatType() != expfmt.TypeTextPlain {
		log.Fatalf("no text format: %v", answer.Header)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		log.Fatal(err)
	}
	for _, problem := range problems {
		log.Printf("%s: %s", problem.Metric, problem.Text)
	}
	if len(problems) > 0 {
		log.Fatal("Prometheus would complain")
	}
	fmt.Println(len(families), "families")
}

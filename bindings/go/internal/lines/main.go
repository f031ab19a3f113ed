// Command lines answers lines by the package: see tests/languages/languages.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"doorward.io/doorward"
)

func main() {
	engine, err := doorward.OpenJSON([]byte(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		status, response := answer(engine, line)
		fmt.Printf("{\"status\": %d, \"response\": %s}\n", status, response)
	}
}

func answer(engine *doorward.Engine, line []byte) (doorward.Status, []byte) {
	var given struct {
		Operation string
		Request   json.RawMessage
	}
	if err := json.Unmarshal(line, &given); err != nil {
		log.Fatal(err)
	}
	request := []byte(given.Request)
	var text string
	if json.Unmarshal(given.Request, &text) == nil {
		request = []byte(text)
	}
	response, err := engine.Call(context.Background(), given.Operation, request)
	if err == nil {
		return doorward.StatusOK, response
	}
	return failure(err)
}

// failure returns the status and the body, with the detail.
func failure(err error) (doorward.Status, []byte) {
	var failure *doorward.Error
	if !errors.As(err, &failure) {
		log.Fatal(err)
	}
	body, err := json.Marshal(failure)
	if err != nil {
		log.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		log.Fatal(err)
	}
	if detail := failure.Detail(); detail != "" {
		members["error"].(map[string]any)["detail"] = detail
	}
	body, err = json.Marshal(members)
	if err != nil {
		log.Fatal(err)
	}
	return failure.Status, body
}

// Judges a history of versioned keys with Porcupine. See README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

type operation struct {
	Client  int
	Key     string
	Op      string
	Value   string
	Arg     int
	Call    int64
	Return  int64
	Version int
	Got     string
	Refused bool
}

// A key as text, so that states compare: the greatest version ever, and the rows that are there, oldest first.
type row struct {
	version int
	value   string
}

func read(state string) (int, []row) {
	fields := strings.Split(state, "\x00")
	greatest, _ := strconv.Atoi(fields[0])
	rows := []row{}
	for i := 1; i+1 < len(fields); i += 2 {
		version, _ := strconv.Atoi(fields[i])
		rows = append(rows, row{version, fields[i+1]})
	}
	return greatest, rows
}

func write(greatest int, rows []row) string {
	fields := []string{strconv.Itoa(greatest)}
	for _, r := range rows {
		fields = append(fields, strconv.Itoa(r.version), r.value)
	}
	return strings.Join(fields, "\x00")
}

func step(state, input, output interface{}) (bool, interface{}) {
	op := input.(operation)
	answer, known := output.(operation)
	greatest, rows := read(state.(string))
	newest := row{}
	if len(rows) > 0 {
		newest = rows[len(rows)-1]
	}
	switch op.Op {
	case "insert", "compare":
		if op.Op == "compare" && newest.version != op.Arg {
			return !known || answer.Refused, state
		}
		ok := !known || (!answer.Refused && answer.Version == greatest+1)
		return ok, write(greatest+1, append(rows, row{greatest + 1, op.Value}))
	case "get":
		return answer.Version == newest.version && answer.Got == newest.value, state
	case "removeAll":
		return !known || (answer.Version == 1) == (len(rows) > 0), write(greatest, nil)
	case "remove":
		left := []row{}
		for _, r := range rows {
			if r.version != op.Arg {
				left = append(left, r)
			}
		}
		return !known || (answer.Version == 1) == (len(left) < len(rows)), write(greatest, left)
	}
	panic("unknown operation " + op.Op)
}

var model = porcupine.Model{
	Init: func() interface{} { return "0" },
	Step: step,
}

func main() {
	keys := map[string][]porcupine.Operation{}
	count := 0
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var op operation
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			panic(err)
		}
		entry := porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Output: op, Return: op.Return}
		if op.Return < 0 {
			entry.Output, entry.Return = nil, math.MaxInt64
		}
		keys[op.Key] = append(keys[op.Key], entry)
		count++
	}
	names := []string{}
	for key := range keys {
		names = append(names, key)
	}
	sort.Strings(names)
	verdicts := map[porcupine.CheckResult]int{}
	for _, key := range names {
		verdict := porcupine.CheckOperationsTimeout(model, keys[key], time.Minute)
		verdicts[verdict]++
		if verdict != porcupine.Ok {
			fmt.Println(key, verdict)
		}
	}
	fmt.Println(count, "operations,", len(keys), "keys:", verdicts)
	if verdicts[porcupine.Illegal] > 0 {
		os.Exit(1)
	}
}

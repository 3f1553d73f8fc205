// What Argo CD keeps its cache in, as Argo CD's own tests do: a redis in memory. It ends with its standard input.
package main

import (
	"io"
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	go func() {
		// Its keys get older only when it is told so.
		for range time.Tick(time.Second) {
			server.FastForward(time.Second)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

package browser

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// patience is how long an answer of the browser is waited for.
const patience = 60 * time.Second

// Page is a page of a browser of its own. Its methods end the test where the browser
// does not do as it is told.
type Page struct {
	t       testing.TB
	in      io.Writer
	session string

	mu      sync.Mutex
	number  int
	waiting map[int]chan message
	said    []string
}

type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// Start opens an empty page of a size in pixels, or skips the test where there is no
// Chromium. It is closed when the test ends.
func Start(t testing.TB, width, height int) *Page {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium to see the page with; Debian has it in the package chromium")
	}
	toBrowser, in := pipe(t)
	out, fromBrowser := pipe(t)
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
		"--user-data-dir="+t.TempDir(), "--no-first-run", "--disable-background-networking", "--disable-component-update", "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = toBrowser.Close(), fromBrowser.Close()
	p := &Page{t: t, in: in, waiting: map[int]chan message{}}
	go p.listen(out)
	t.Cleanup(func() {
		p.send(message{Method: "Browser.close"})
		ended := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		ended.Stop()
	})
	var target struct {
		TargetID string `json:"targetId"`
	}
	p.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		p.call(domain+".enable", nil, nil)
	}
	p.Size(width, height)
	return p
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// listen hands answers to those who wait, and keeps what the console says.
func (p *Page) listen(out io.Reader) {
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			message
			Params json.RawMessage `json:"params"`
		}
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m) != nil {
			continue
		}
		p.mu.Lock()
		if c := p.waiting[m.ID]; c != nil {
			delete(p.waiting, m.ID)
			c <- m.message
		}
		if slices.Contains([]string{"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}, m.Method) {
			p.said = append(p.said, string(m.Params))
		}
		p.mu.Unlock()
	}
}

// send sends a command and returns where its answer comes.
func (p *Page) send(m message) <-chan message {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	m.ID, m.SessionID = p.number, p.session
	c := make(chan message, 1)
	p.waiting[m.ID] = c
	b, err := json.Marshal(m)
	if err == nil {
		_, err = p.in.Write(append(b, 0))
	}
	if err != nil {
		p.t.Logf("tell the browser: %v", err)
	}
	return c
}

func (p *Page) call(method string, params map[string]any, result any) {
	p.t.Helper()
	if params == nil {
		params = map[string]any{}
	}
	select {
	case m := <-p.send(message{Method: method, Params: params}):
		if m.Error != nil {
			p.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				p.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(patience):
		p.t.Fatalf("%s: the browser does not answer", method)
	}
}

// Size makes the window so many pixels large.
func (p *Page) Size(width, height int) {
	p.t.Helper()
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
}

// Dark says whether the page is to be dark.
func (p *Page) Dark(on bool) {
	p.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Open goes to an address. It does not wait for what scripts do.
func (p *Page) Open(address string) {
	p.t.Helper()
	p.call("Page.navigate", map[string]any{"url": address}, nil)
}

// Eval evaluates an expression, or waits for a promise, into result.
func (p *Page) Eval(expression string, result any) {
	p.t.Helper()
	var got struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &got)
	if e := got.Exception; e != nil {
		p.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result == nil || got.Result.Value == nil {
		return
	}
	if err := json.Unmarshal(got.Result.Value, result); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// Wait waits until an expression is true. One that fails, as while a page is loaded, is
// not.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		var ok bool
		p.Eval("(() => { try { return !!("+expression+") } catch { return false } })()", &ok)
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("%s does not come true; the console: %v", expression, p.Console())
}

// named are keys that are no characters.
var named = map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, "Backspace": 8}

// Press presses and releases keys one after the other: characters, or Tab, Enter,
// Escape and Backspace.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		down := map[string]any{"type": "keyDown", "key": key}
		if code, ok := named[key]; ok {
			down["windowsVirtualKeyCode"], down["code"] = code, key
			if key == "Enter" {
				down["text"] = "\r"
			}
		} else {
			down["text"] = key
		}
		p.call("Input.dispatchKeyEvent", down, nil)
		p.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
	}
}

// Type presses the characters of a text.
func (p *Page) Type(text string) {
	p.t.Helper()
	for _, r := range text {
		p.Press(string(r))
	}
}

// Picture writes a picture of the page, all of it, as PNG.
func (p *Page) Picture(path string) {
	p.t.Helper()
	var got struct {
		Data string `json:"data"`
	}
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &got)
	content, err := base64.StdEncoding.DecodeString(got.Data)
	if err == nil {
		err = os.WriteFile(path, content, 0o666)
	}
	if err != nil {
		p.t.Fatal(fmt.Errorf("picture of the page: %w", err))
	}
}

// Console returns what the console, exceptions and the browser's log said so far.
func (p *Page) Console() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.said)
}

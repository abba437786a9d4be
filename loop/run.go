package loop

import (
	"context"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop/config"
)

// Run does what a configuration says and leaves networks, a report page and its
// numbers in the run folder. It goes on with a run of the same configuration
// that was interrupted, at the step that was interrupted. An error that is
// [ErrPending] says that labels are to be waited for. ort.Init must have
// succeeded. The folder is locked while Run lasts.
func Run(ctx context.Context, c config.Config, o Options) error {
	e, err := Open(ctx, c, o)
	if err != nil {
		return wrap(err)
	}
	err = e.Run(ctx)
	if err == nil {
		err = e.WriteReport()
	}
	return errors.Join(wrap(err), e.Close())
}

func wrap(err error) error {
	var bad *config.Error
	if err == nil || errors.As(err, &bad) {
		return err
	}
	return fmt.Errorf("run: %w", err)
}

// WriteReport writes report.html and report.json into the run folder.
func (e *Engine) WriteReport() error {
	r, err := newReport(e.dir, e.arms, e.workbench.folder)
	if err != nil {
		return err
	}
	return report.Write(string(e.workbench.folder), r)
}

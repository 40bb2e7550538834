;; Runs Emacs in batch mode with the configuration of docs/editors.md and the real server.
;; Each step prints a line on stdout; a step that takes longer than 60 s ends Emacs with code 1.

(setq lsp-enabled-clients '(leanwide)
      lsp-auto-guess-root t
      lsp-session-file (expand-file-name "session" user-emacs-directory)
      lsp-enable-file-watchers nil
      lsp-enable-snippet nil
      lsp-warn-no-matched-clients nil)

(defun until (what found)
  "Wait until the function FOUND returns non-nil, print WHAT, and return the value."
  (let ((end (+ (float-time) 60)) result)
    (while (not (setq result (ignore-errors (funcall found))))
      (when (> (float-time) end)
        (message "waited 60 s for: %s" what)
        (kill-emacs 1))
      (accept-process-output nil 0.05))
    (princ (format "%s\n" what))
    result))

(defun server-is (state)
  "Whether the engine is in STATE."
  (equal state (gethash "state" (lsp-workspace-command-execute "leanwide.status"))))

(defun action (title)
  "Run the code action TITLE as soon as it is offered."
  (lsp-execute-code-action
   (until title
          (lambda ()
            (seq-find (lambda (offered) (equal title (lsp:code-action-title offered)))
                      (lsp-code-actions-at-point))))))

(find-file (car command-line-args-left))
(setq command-line-args-left nil)
(lsp)
(until "initialized" (lambda () (eq 'initialized (lsp--workspace-status (car (lsp-workspaces))))))

;; In batch mode, a warning about an unknown notification goes to stderr.
(dolist (method '("leanwide/status" "leanwide/suggestionReady"))
  (lsp--on-notification (car (lsp-workspaces)) (ht ("method" method) ("params" nil))))

(search-forward "def count_words")
(action "Document with leanwide")
(until "documented" (lambda () (save-excursion (goto-char 1) (search-forward "\"\"\"" nil t))))
(until "idle" (lambda () (server-is "idle")))

(with-current-buffer "valid.py"
  (save-window-excursion
    (action "Explain with leanwide")
    (until "explained" (lambda () (get-buffer "Explanation.md")))))

(set-buffer "valid.py")
(goto-char (point-max))
(insert "\n\ndef size(self):\n    return len(")
(until "ghost" (lambda ()
                 (lsp-inline-completion-display)
                 (and lsp-inline-completion--overlay
                      (overlay-get lsp-inline-completion--overlay 'after-string))))
(lsp-inline-completion-accept)
(until "accepted" (lambda () (> (gethash "accepted" (lsp-workspace-command-execute "leanwide.status")) 0)))
(save-buffer)
(kill-emacs 0)

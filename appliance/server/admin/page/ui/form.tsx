/** Fields, forms and dialogs: labelled, with their errors where they belong, and never sent twice. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { say } from '../api.ts';
import { Scroll } from './basics.tsx';
import { Icon } from './icons.tsx';

interface FieldProps {
	readonly label: string;
	readonly hint?: ComponentChildren;
	/** Gets the id that label and hint point at. */
	readonly children: (control: { readonly id: string; readonly 'aria-describedby'?: string }) => ComponentChildren;
}

export function Field({ label, hint, children }: FieldProps): JSX.Element {
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{label}</label>
			{children(hint === undefined ? { id } : { id, 'aria-describedby': `${id}-hint` })}
			{hint !== undefined && (
				<div class="hint" id={`${id}-hint`}>
					{hint}
				</div>
			)}
		</div>
	);
}

export type Values = Readonly<Record<string, string>>;

interface FormProps {
	/** What is on the button. */
	readonly action: string;
	readonly onSubmit: (values: Values) => Promise<unknown>;
	readonly children: ComponentChildren;
	/** Beside the button. */
	readonly aside?: ComponentChildren;
	readonly isDanger?: boolean;
}

/** The fields are read by their names at the moment of sending. */
export function Form({ action, onSubmit, children, aside, isDanger }: FormProps): JSX.Element {
	const [failure, setFailure] = useState<string>();
	const [isBusy, setBusy] = useState(false);
	const submit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
		event.preventDefault();
		if (isBusy) return;
		setBusy(true);
		setFailure(undefined);
		try {
			await onSubmit(valuesOf(event.currentTarget));
		} catch (error) {
			setFailure(say(error));
		}
		setBusy(false);
	};
	return (
		<form onSubmit={(event) => void submit(event)} aria-busy={isBusy}>
			{children}
			<div aria-live="assertive">{failure !== undefined && <p class="form-failure">{failure}</p>}</div>
			<div class="form-foot">
				<button type="submit" class={isDanger === true ? 'primary danger' : 'primary'} disabled={isBusy}>
					{isBusy ? 'One moment …' : action}
				</button>
				{aside}
			</div>
		</form>
	);
}

function valuesOf(form: HTMLFormElement): Values {
	const pairs = [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value.trim() : ''] as const);
	return Object.fromEntries(pairs);
}

/** An empty field is "not said". */
export function numberIn(values: Values, name: string): number | undefined {
	const text = values[name] ?? '';
	return text === '' ? undefined : Number(text);
}

interface DialogProps {
	readonly title: string;
	readonly onClose: () => void;
	readonly children: ComponentChildren;
	/** What is shown is shown once: a click beside it does not close it. */
	readonly isSticky?: boolean;
}

/** The browser's own dialog: it holds the focus and gives it back. */
export function Dialog({ title, onClose, children, isSticky = false }: DialogProps): JSX.Element {
	const element = useRef<HTMLDialogElement>(null);
	const id = useId();
	useEffect(() => element.current?.showModal(), []);
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the dialog's own Escape key is the keyboard's way; the click beside it is only a shortcut.
		<dialog
			ref={element}
			aria-labelledby={id}
			onClose={onClose}
			onCancel={(event) => isSticky && event.preventDefault()}
			onClick={(event) => !isSticky && event.target === element.current && onClose()}
		>
			<div class="dialog-body">
				<header class="card-head">
					<h2 id={id}>{title}</h2>
					<button type="button" class="ghost icon-only" aria-label="Close" onClick={onClose}>
						<Icon name="close" />
					</button>
				</header>
				{children}
			</div>
		</dialog>
	);
}

/** Says for a moment that the text is in the clipboard; where the browser refuses, the text is selected instead. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }): JSX.Element {
	const [said, setSaid] = useState('');
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			setSaid('Copied');
		} catch {
			setSaid('Select and copy by hand');
		}
		setTimeout(() => setSaid(''), 2_000);
	};
	return (
		<button type="button" class="small" onClick={() => void copy()}>
			<span aria-live="polite">{said === '' ? label : said}</span>
		</button>
	);
}

export function CodeBlock({ lines, label }: { readonly lines: readonly string[]; readonly label: string }): JSX.Element {
	const text = lines.join('\n');
	return (
		<div class="code">
			<div class="code-head">
				<span>{label}</span>
				<CopyButton text={text} />
			</div>
			<Scroll label={label}>
				<pre>{text}</pre>
			</Scroll>
		</div>
	);
}

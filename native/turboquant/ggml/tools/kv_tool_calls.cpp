// Whether a cache makes a model call other tools: greedy continuations of an agent's transcript, beside those with an f16 cache.
//
//   kv_tool_calls MODEL TRANSCRIPT CONTEXT CALLS THREADS VARIANT...
//
// Variants as in kv_quality. Of a transcript with a line that begins with "CALL " for each call, the last CALLS that lie within CONTEXT
// tokens are asked for: each up to the end of its line, after all that stood before it. One JSON object a variant.

#include "kv_variant.h"

#include <algorithm>
#include <string>
#include <vector>

namespace {

constexpr int BATCH = 64;
constexpr int LONGEST_CALL = 48;
const std::string MARK = "\nCALL ";

struct transcript {
    std::vector<llama_token> tokens;
    std::vector<int> calls; // tokens before each
};

std::vector<llama_token> tokens_of(const llama_vocab * vocab, const std::string & text, bool is_first) {
    std::vector<llama_token> tokens(text.size() + 2);
    const int count = llama_tokenize(vocab, text.data(), (int) text.size(), tokens.data(), (int) tokens.size(), is_first, false);
    if (count < 0) {
        kv::fail("the transcript cannot be tokenized");
    }
    tokens.resize(count);
    return tokens;
}

// Piece by piece, so that a call begins with a token of its own.
transcript read(const llama_vocab * vocab, const char * file, int context, size_t calls) {
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    transcript t;
    for (size_t at = 0; at < text.size() && (int) t.tokens.size() < context;) {
        const size_t mark = text.find(MARK, at);
        const size_t end = mark == std::string::npos ? text.size() : mark + MARK.size();
        const auto piece = tokens_of(vocab, text.substr(at, end - at), at == 0);
        t.tokens.insert(t.tokens.end(), piece.begin(), piece.end());
        if (mark != std::string::npos && (int) t.tokens.size() + LONGEST_CALL <= context) {
            t.calls.push_back((int) t.tokens.size());
        }
        at = end;
    }
    if ((int) t.tokens.size() < context || t.calls.size() < calls) {
        kv::fail("the transcript is too short");
    }
    t.calls.erase(t.calls.begin(), t.calls.end() - calls);
    return t;
}

llama_token most_likely(llama_context * context, int row, int vocabulary) {
    const float * logits = llama_get_logits_ith(context, row);
    return (llama_token) (std::max_element(logits, logits + vocabulary) - logits);
}

bool ends_line(const llama_vocab * vocab, llama_token token) {
    char piece[64];
    const int length = llama_token_to_piece(vocab, token, piece, sizeof(piece), 0, false);
    return llama_vocab_is_eog(vocab, token) || std::find(piece, piece + std::max(length, 0), '\n') != piece + std::max(length, 0);
}

// The line that the model would write behind `position` tokens, with the cache afterwards as it was.
std::vector<llama_token> call_at(llama_context * context, const llama_vocab * vocab, int position, llama_token first) {
    std::vector<llama_token> written(position);
    written.push_back(first);
    while (!ends_line(vocab, written.back()) && (int) written.size() < position + LONGEST_CALL) {
        kv::decode(context, written.data(), (int) written.size() - 1, 1, true);
        written.push_back(most_likely(context, 0, llama_vocab_n_tokens(vocab)));
    }
    llama_memory_seq_rm(llama_get_memory(context), 0, position, -1);
    return { written.begin() + position, written.end() };
}

std::vector<std::vector<llama_token>> calls_of(llama_context * context, const llama_vocab * vocab, const transcript & t) {
    std::vector<std::vector<llama_token>> calls;
    int at = 0;
    for (int call : t.calls) {
        llama_token first = 0;
        while (at < call) {
            const int count = std::min(BATCH, call - at);
            kv::decode(context, t.tokens.data(), at, count, at + count == call);
            at += count;
            first = at == call ? most_likely(context, count - 1, llama_vocab_n_tokens(vocab)) : 0;
        }
        calls.push_back(call_at(context, vocab, at, first));
    }
    return calls;
}

int first_difference(const std::vector<llama_token> & a, const std::vector<llama_token> & b) {
    const size_t shorter = std::min(a.size(), b.size());
    return (int) (std::mismatch(a.begin(), a.begin() + shorter, b.begin()).first - a.begin());
}

} // namespace

int main(int argc, char ** argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: kv_tool_calls MODEL TRANSCRIPT CONTEXT CALLS THREADS VARIANT...\n");
        return 2;
    }
    const int context = atoi(argv[3]), threads = atoi(argv[5]);
    kv::start();
    kv::models all { argv[1], {} };
    const auto * vocab = llama_model_get_vocab(all.get(kv::keys_as::in_the_file));
    const transcript t = read(vocab, argv[2], context, (size_t) atoi(argv[4]));
    const auto answers_with = [&](const std::string & variant) {
        llama_context * opened = kv::open_variant(variant, all, context, BATCH, threads, true);
        const auto calls = calls_of(opened, vocab, t);
        llama_free(opened);
        return calls;
    };
    const auto exact = answers_with("f16");
    for (int i = 6; i < argc; i++) {
        const auto calls = answers_with(argv[i]);
        int same = 0, same_tokens = 0, tokens = 0;
        for (size_t c = 0; c < calls.size(); c++) {
            same += calls[c] == exact[c];
            same_tokens += first_difference(calls[c], exact[c]);
            tokens += (int) exact[c].size();
        }
        printf("{\"variant\":\"%s\",\"calls\":%zu,\"same\":%d,\"tokens\":%d,\"sameTokens\":%d}\n", argv[i], calls.size(), same, tokens, same_tokens);
    }
    return 0;
}

// Runs work on a thread of libuv's pool and settles a promise with the bytes that it made.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "arguments.hpp"

namespace tq::addon {

// `work` sees nothing of JavaScript; what it needs is copied into it. T: uint8_t or float.
template <class T>
class BackgroundWork : public Napi::AsyncWorker {
  public:
    using Work = std::function<tq_status(std::vector<T>&)>;

    static Napi::Promise start(Napi::Env env, Work work) {
        auto* worker = new BackgroundWork(env, std::move(work));
        const Napi::Promise promise = worker->deferred_.Promise();
        worker->Queue();  // it deletes itself when it is done
        return promise;
    }

  private:
    BackgroundWork(Napi::Env env, Work work)
        : Napi::AsyncWorker(env), work_(std::move(work)), deferred_(Napi::Promise::Deferred::New(env)) {}

    void Execute() override { status_ = work_(out_); }

    void OnOK() override {
        if (status_ != TQ_OK) return deferred_.Reject(error_of(Env(), status_).Value());
        auto array = Napi::TypedArrayOf<T>::New(Env(), out_.size());
        std::copy(out_.begin(), out_.end(), array.Data());
        deferred_.Resolve(array);
    }

    // Only an exception in Execute leads here: memory.
    void OnError(const Napi::Error&) override { deferred_.Reject(error_of(Env(), TQ_OUT_OF_MEMORY).Value()); }

    Work work_;
    Napi::Promise::Deferred deferred_;
    tq_status status_ = TQ_OK;
    std::vector<T> out_;
};

}  // namespace tq::addon

using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Millrace.Storage;

namespace Millrace.Publishing;

/// <summary>Writes dead letters as NDJSON, one a line: everything that is known of them, the body as text where it is UTF-8, else as base64.</summary>
internal static class DeadLetterExport
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <returns>How many were written; the audit entry that says so is one.</returns>
    public static async ValueTask<int> WriteAsync(JobStore store, DeadLetterFilter filter, Stream destination, string actor, CancellationToken stopping)
    {
        var count = 0;
        await using var writer = new Utf8JsonWriter(destination);
        await foreach (var letter in store.ListDeadLettersAsync(filter, stopping))
        {
            Write(writer, letter);
            await writer.FlushAsync(stopping);
            await destination.WriteAsync(LineEnd, stopping);
            writer.Reset();
            count++;
        }

        await store.AuditAsync(actor, "export", filter.Queue ?? "*", $"{count.ToString(CultureInfo.InvariantCulture)} dead letters", stopping);
        return count;
    }

    private static void Write(Utf8JsonWriter json, DeadLetter letter)
    {
        json.WriteStartObject();
        json.WriteString("id", letter.Id);
        json.WriteString("queue", letter.Queue);
        json.WriteString("kind", letter.Kind);
        json.WriteString("key", letter.Key);
        json.WriteString("tenant", letter.Tenant);
        json.WriteString("reason", letter.Reason);
        json.WriteNumber("attempts", letter.Attempts);
        json.WriteNumber("crashes", letter.Crashes);
        json.WriteString("position", letter.Position);
        json.WriteString("enqueuedAt", letter.EnqueuedAt.ToUniversalTime());
        json.WriteString("diedAt", letter.DiedAt.ToUniversalTime());
        json.WriteString("requeuedFrom", letter.RequeuedFrom);
        json.WriteStartArray("headers");
        foreach (var (name, value) in letter.Headers)
        {
            json.WriteStartArray();
            json.WriteStringValue(name);
            json.WriteStringValue(value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("errors");
        foreach (var error in letter.Errors) Write(json, error);
        json.WriteEndArray();
        if (Utf8.IsValid(letter.Body.Span)) json.WriteString("body", letter.Body.Span);
        else json.WriteBase64String("bodyBase64", letter.Body.Span);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AttemptError error)
    {
        json.WriteStartObject();
        json.WriteString("at", error.At.ToUniversalTime());
        json.WriteNumber("attempt", error.Attempt);
        json.WriteString("reason", error.Reason);
        json.WriteString("detail", error.Detail);
        json.WriteEndObject();
    }
}

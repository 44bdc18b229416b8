using Firehose.Decoding;
using Firehose.Records;

namespace Firehose.Storage;

/// <summary>
/// The rules of what events do, without SQL: a batch is folded, per key, into the few changes that a store then writes in one
/// transaction. Applying the events one by one would end in the same rows (docs/decisions/021-fold-batches.md).
/// </summary>
/// <param name="repos">The state of every repository in the batch; changed by the fold.</param>
/// <param name="reported">Which delivery reported a record as bad, by URI and revision; all that the batch's faulty changes name.</param>
/// <param name="now">Stands in for a time stamp that is none.</param>
internal sealed class BatchFold(
    IReadOnlyDictionary<string, RepoState> repos,
    IReadOnlyDictionary<(string Uri, string Rev), string> reported,
    DateTimeOffset now)
{
    private readonly Dictionary<string, RowChange> _rows = new(StringComparer.Ordinal);
    private readonly HashSet<string> _early = new(StringComparer.Ordinal);
    private readonly HashSet<string> _purges = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Uri, string Rev), RejectedRecord> _rejected = [];

    /// <summary>The accounts whose rows from before this batch are to be removed, before anything else.</summary>
    public IReadOnlyCollection<string> Purges => _purges;

    /// <summary>The rows to change, each once.</summary>
    public IReadOnlyCollection<RowChange> Rows => _rows.Values;

    /// <summary>The records that do not fit.</summary>
    public IReadOnlyCollection<RejectedRecord> Rejected => _rejected.Values;

    /// <summary>How many repositories this batch found out of step.</summary>
    public int ChainBreaks { get; private set; }

    /// <summary>By how many the number of desynchronized repositories changes.</summary>
    public int Desynchronized { get; private set; }

    /// <summary>Folds the whole batch, in its order.</summary>
    public ApplyResult AddAll(IReadOnlyList<FirehoseEvent> events)
    {
        var verdicts = new Verdict[events.Count];
        for (var i = 0; i < verdicts.Length; i++) verdicts[i] = Add(events[i]);
        return new ApplyResult(verdicts, ChainBreaks, Desynchronized);
    }

    /// <summary>Whether an event of this kind concerns a repository.</summary>
    public static bool Concerns(FrameKind kind) => kind is FrameKind.Commit or FrameKind.Sync or FrameKind.Identity or FrameKind.Account;

    /// <summary>Folds the next event of the batch.</summary>
    private Verdict Add(FirehoseEvent next)
    {
        var frame = next.Frame;
        if (!Concerns(frame.Kind)) return Verdict.Ignored;

        var repo = repos[frame.Did];
        var at = EventTime.Of(frame.Time, now);
        if (IsEarly(next, repo, at)) return Verdict.Early;
        if (repo.IsNew)
        {
            repo.IsNew = false;
            repo.Changed = true;
            Touch(repo, at);
        }
        return frame.Kind switch
        {
            FrameKind.Commit => AddCommit(next, repo, at),
            FrameKind.Sync => AddSync(frame, repo),
            FrameKind.Identity => AddIdentity(frame, repo, at),
            _ => AddAccount(frame, repo, at),
        };
    }

    /// <summary>Whether the event before this one is still on its way; then everything behind it is, too.</summary>
    private bool IsEarly(FirehoseEvent next, RepoState repo, DateTimeOffset at)
    {
        if (_early.Contains(repo.Did)) return true;
        return next.MayWait && MayBeAhead(next.Frame, repo, at) && _early.Add(repo.Did);
    }

    /// <summary>Whether something of the repository may lie between what is known of it and this event, as far as both tell.</summary>
    private static bool MayBeAhead(Frame frame, RepoState repo, DateTimeOffset at) => frame.Kind switch
    {
        FrameKind.Commit when string.CompareOrdinal(frame.Rev, repo.Rev) <= 0 => false,
        // A relay sends no commits of an account that is not active: its return may still be on the way.
        FrameKind.Commit when repo.Inactive && !CameBefore(frame, repo, at) => true,
        FrameKind.Commit => repo.IsNew || frame.Since != repo.Rev,
        // It only names its own revision, which is that of the last commit unless the repository was reset.
        FrameKind.Sync => string.CompareOrdinal(frame.Rev, repo.Rev) > 0,
        // What came before it was subject to another status.
        FrameKind.Account => !CameBefore(frame, repo, at),
        _ => false,
    };

    /// <summary>Whether the account is not active; what came before it became so is not subject to it, unless that deleted everything.</summary>
    private static bool IsIgnored(Frame frame, RepoState repo, DateTimeOffset at) =>
        repo.Inactive && (repo.AccountStatus == RepoState.DeletedStatus || !CameBefore(frame, repo, at));

    private static bool CameBefore(Frame frame, RepoState repo, DateTimeOffset at) => repo.Account.Covers(new EventMark(frame.Seq, at));

    private Verdict AddCommit(FirehoseEvent next, RepoState repo, DateTimeOffset at)
    {
        var frame = next.Frame;
        var rev = frame.Rev!;
        var late = string.CompareOrdinal(rev, repo.Rev) <= 0;
        if (IsIgnored(frame, repo, at))
        {
            // The revision moves on all the same, else a redelivery after the account's return would be taken for news.
            if (!late) MoveTo(repo, rev, frame.Data, outOfStep: next.Changes.Count > 0 && !CameBefore(frame, repo, at));
            return Verdict.Ignored;
        }
        if (late && !next.Requeued) return AgainOrStale(next);
        if (late)
        {
            // Saved although it stays as it is: a store keeps other batches away from what it saves.
            repo.Changed = true;
            return AddChanges(next, repo, at, late);
        }

        var outOfStep = repo.Rev is not null
            && (frame.Since != repo.Rev || (repo.Data is not null && !frame.PrevData.IsDefault && frame.PrevData.ToString() != repo.Data));
        MoveTo(repo, rev, frame.Data, outOfStep);
        return AddChanges(next, repo, at, late);
    }

    private Verdict AddChanges(FirehoseEvent next, RepoState repo, DateTimeOffset at, bool late)
    {
        var verdict = Verdict.Applied;
        foreach (var change in next.Changes)
        {
            if (change.Fault is not null)
            {
                verdict = Verdict.Rejected;
                _rejected[(change.Uri, next.Frame.Rev!)] = new(change.Uri, next.Frame.Did, next.Frame.Rev!, next.Delivery, change.Fault);
            }
            // A profile with another key is none, whatever becomes of it.
            if (change.Table == RecordTable.Profiles && !change.Uri.EndsWith("/self", StringComparison.Ordinal)) continue;
            // Of a profile that comes and goes in one batch only the end is written; that it changed shows all the same.
            if (change.Table == RecordTable.Profiles) Touch(repo, at);
            var known = _rows.TryGetValue(change.Uri, out var earlier);
            if (known && string.CompareOrdinal(earlier!.Rev, next.Frame.Rev) > 0) continue;
            _rows[change.Uri] = new RowChange
            {
                Kind = KindOf(change, known),
                Table = change.Table,
                Uri = change.Uri,
                Did = next.Frame.Did,
                Rev = next.Frame.Rev!,
                IndexedAt = at,
                Cid = change.Cid,
                Record = change.Record,
                TombstoneRev = change.Action == RepoAction.Delete ? next.Frame.Rev : earlier?.TombstoneRev,
                Late = late,
            };
        }
        return verdict;
    }

    private static RowChangeKind KindOf(RecordChange change, bool known) => change switch
    {
        { Action: RepoAction.Delete } => RowChangeKind.Delete,
        { Fault: not null } => RowChangeKind.Withdraw,
        { Action: RepoAction.Create } when !known => RowChangeKind.Insert,
        _ => RowChangeKind.Replace,
    };

    /// <summary>The same delivery must end as the same dead letter, should we have died before it was written; another one must not make a second.</summary>
    private Verdict AgainOrStale(FirehoseEvent next)
    {
        foreach (var change in next.Changes)
            if (change.Fault is not null && WhoReported((change.Uri, next.Frame.Rev!)) == next.Delivery)
                return Verdict.Rejected;
        return Verdict.Stale;
    }

    private string? WhoReported((string, string) record) =>
        _rejected.TryGetValue(record, out var here) ? here.Delivery : reported.GetValueOrDefault(record);

    private Verdict AddSync(Frame frame, RepoState repo)
    {
        var order = string.CompareOrdinal(frame.Rev, repo.Rev);
        if (order < 0) return Verdict.Stale;
        var same = order == 0 && (frame.Data.IsDefault || repo.Data is null || frame.Data.ToString() == repo.Data);
        if (same) return Verdict.Stale;

        MoveTo(repo, frame.Rev!, frame.Data, outOfStep: repo.Rev is not null);
        return repo.Inactive ? Verdict.Ignored : Verdict.Applied;
    }

    private static Verdict AddIdentity(Frame frame, RepoState repo, DateTimeOffset at)
    {
        var mark = new EventMark(frame.Seq, at);
        if (repo.Identity.Covers(mark)) return Verdict.Stale;
        repo.Identity = mark;
        repo.Changed = true;
        // Without a handle the event only asks to resolve the old one again.
        if (frame.Handle is not null) repo.NewHandle = RecordText.Of(frame.Handle);
        Touch(repo, at);
        return Verdict.Applied;
    }

    private Verdict AddAccount(Frame frame, RepoState repo, DateTimeOffset at)
    {
        var mark = new EventMark(frame.Seq, at);
        if (repo.Account.Covers(mark)) return Verdict.Stale;
        repo.Account = mark;
        repo.AccountStatus = frame.Active ? RepoState.ActiveStatus : frame.Status is null ? "inactive" : RecordText.Of(frame.Status);
        repo.Changed = true;
        Touch(repo, at);
        if (repo.AccountStatus == RepoState.DeletedStatus) Purge(repo);
        return Verdict.Applied;
    }

    private void Purge(RepoState repo)
    {
        // What the batch did before counts for nothing; what it does afterwards starts on empty tables.
        _purges.Add(repo.Did);
        foreach (var row in _rows.Values.Where(row => row.Did == repo.Did).ToList()) _rows.Remove(row.Uri);
        foreach (var record in _rejected.Values.Where(record => record.Did == repo.Did).ToList()) _rejected.Remove((record.Uri, record.Rev));
        repo.Data = null;
        if (repo.Desynchronized) Desynchronized--;
        repo.Desynchronized = false;
    }

    private void MoveTo(RepoState repo, string rev, Cid data, bool outOfStep)
    {
        repo.Rev = rev;
        repo.Data = data.IsDefault ? null : data.ToString();
        repo.Changed = true;
        if (!outOfStep) return;
        ChainBreaks++;
        if (repo.Desynchronized) return;
        repo.Desynchronized = true;
        Desynchronized++;
    }

    private static void Touch(RepoState repo, DateTimeOffset at)
    {
        if (repo.UserChangedAt is not { } known || at > known) repo.UserChangedAt = at;
    }
}

/// <summary>A record that does not fit its table.</summary>
internal sealed record RejectedRecord(string Uri, string Did, string Rev, string Delivery, string Reason);
